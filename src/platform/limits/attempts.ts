import { type Bucket, returnToken, takeToken } from "../../shared/token-bucket.ts";
import type { AttemptPolicy } from "./policy.ts";

/** What is remembered of one subject's attempts. */
export type AttemptBook = {
  /** What went wrong or is still under way; and everything, however it ended. */
  wrong?: Bucket | undefined;
  all?: Bucket | undefined;
  /** Attempts that were let through and of which nothing was heard yet, the newest last. */
  open: readonly string[];
};

export type TriedAttempt =
  | { ok: true; book: AttemptBook; left: number; resetMs: number }
  | { ok: false; of: "tries" | "all"; retryAfterMs: number };

/** `right`: nothing was wrong with it. `unasked`: it never came to anything. */
export type AttemptOutcome = "right" | "unasked";

export const NO_ATTEMPTS: AttemptBook = { open: [] };

/**
 * Lets an attempt through, once however often it is asked for: a repeat of one that is under way costs
 * nothing, because whoever asks may have lost the answer in a crash.
 */
export function tryAttempt(
  book: AttemptBook,
  policy: AttemptPolicy,
  attempt: string,
  nowMs: number,
): TriedAttempt {
  if (book.open.includes(attempt)) return { ok: true, book, left: 0, resetMs: 0 };
  const wrong = takeToken(book.wrong, limitOf(policy), nowMs);
  if (!wrong.ok) return { ok: false, of: "tries", retryAfterMs: wrong.retryAfterMs };
  const all = takeToken(book.all, limitOf(policy.all), nowMs);
  if (!all.ok) return { ok: false, of: "all", retryAfterMs: all.retryAfterMs };
  return {
    ok: true,
    // Wrong ones stay until they are the oldest: they cannot be more than the policy lets through at once.
    book: {
      wrong: wrong.bucket,
      all: all.bucket,
      open: [...book.open, attempt].slice(-policy.tries),
    },
    left: Math.min(wrong.left, all.left),
    resetMs: limitOf(policy).tokenMs,
  };
}

/** Takes an attempt back, once however often it is said: what is not open any more changes nothing. */
export function settleAttempt(
  book: AttemptBook,
  policy: AttemptPolicy,
  attempt: string,
  outcome: AttemptOutcome,
): AttemptBook {
  if (!book.open.includes(attempt)) return book;
  return {
    wrong: returnToken(book.wrong, limitOf(policy)),
    all: outcome === "unasked" ? returnToken(book.all, limitOf(policy.all)) : book.all,
    open: book.open.filter((one) => one !== attempt),
  };
}

/** From when on the book says nothing any more. */
export const attemptsForgottenAtMs = ({ wrong, all }: AttemptBook): number =>
  Math.max(wrong?.fullAtMs ?? 0, all?.fullAtMs ?? 0);

const limitOf = ({ tries, perMs }: { tries: number; perMs: number }) => ({
  burst: tries,
  tokenMs: perMs / tries,
});
