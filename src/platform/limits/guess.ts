import { type Bucket, returnToken, takeToken } from "../../shared/token-bucket.ts";
import type { GuessPolicy } from "./policy.ts";

/** One place's tries. `place` is a digest of an address or of a device's token. */
export type Lane = { place: string; wrong: number; nextAtMs: number; lastAtMs: number };
/** What is remembered of all who tried one secret. */
export type GuessBook = {
  lanes: readonly Lane[];
  known: readonly { place: string; rightAtMs: number }[];
  strangers?: Bucket | undefined;
};

export type Guess =
  | { ok: true; book: GuessBook; place: string; left: number; resetMs: number }
  | { ok: false; retryAfterMs: number };

export const EMPTY_BOOK: GuessBook = { lanes: [], known: [] };

const LANES_MAX = 64;
const KNOWN_MAX = 8;
const DOUBLINGS_MAX = 30;

/**
 * Whether a secret may be tried now. Every place has its own wrong tries and its own growing delay;
 * places from which it was never right share a budget on top. So an attacker, from however many
 * addresses, can spend the strangers' budget but not the owner's at a place that is known; and no
 * delay grows beyond `delayMsMax`, nor does a refused try prolong it.
 */
export function tryGuess(
  book: GuessBook,
  policy: GuessPolicy,
  places: readonly string[],
  nowMs: number,
): Guess {
  const { known } = forgetOld(book, policy, nowMs);
  const lanes = book.lanes.filter((lane) => isRemembered(lane, policy, nowMs));
  const knownPlace = places.find((place) => known.some((one) => one.place === place));
  const place = knownPlace ?? places[0]!;
  const lane = lanes.find((one) => one.place === place);
  // Bounded by the longest delay, though the clock may have jumped back.
  const waitMs = Math.min(Math.max((lane?.nextAtMs ?? 0) - nowMs, 0), policy.delayMsMax);
  if (waitMs > 0) return { ok: false, retryAfterMs: waitMs };

  let { strangers } = book;
  if (knownPlace === undefined) {
    const taken = takeToken(strangers, strangersLimit(policy), nowMs);
    if (!taken.ok) return taken;
    strangers = taken.bucket;
  }
  const wrong = (lane?.wrong ?? 0) + 1;
  const delayMs = delayAfter(wrong, policy);
  const tried = { place, wrong, nextAtMs: nowMs + delayMs, lastAtMs: nowMs };
  const others = lanes.filter((one) => one.place !== place);
  return {
    ok: true,
    // The oldest go first. A lane that is lost is no way in: the strangers' budget still holds.
    book: { lanes: [...others, tried].slice(-LANES_MAX), known, strangers },
    place,
    left: Math.max(0, policy.tries - wrong),
    resetMs: delayMs,
  };
}

/** It was right: the place is known from now on, and its wrong tries are forgotten. */
export function guessedRight(
  book: GuessBook,
  policy: GuessPolicy,
  place: string,
  nowMs: number,
): GuessBook {
  const { known, strangers } = withTryReturned(book, policy, place);
  const others = known.filter((one) => one.place !== place);
  return {
    lanes: book.lanes.filter((lane) => lane.place !== place),
    known: [...others, { place, rightAtMs: nowMs }].slice(-KNOWN_MAX),
    strangers,
  };
}

/** The try was never evaluated, because something it needs was away: it does not count. */
export function withTryReturned(book: GuessBook, policy: GuessPolicy, place: string): GuessBook {
  const isKnown = book.known.some((one) => one.place === place);
  return {
    ...book,
    lanes: book.lanes.map((lane) =>
      lane.place === place ? { ...lane, wrong: Math.max(0, lane.wrong - 1), nextAtMs: 0 } : lane,
    ),
    strangers: isKnown ? book.strangers : returnToken(book.strangers, strangersLimit(policy)),
  };
}

/** From when on the book says nothing any more. */
export function emptyAtMs({ lanes, known, strangers }: GuessBook, policy: GuessPolicy): number {
  return Math.max(
    strangers?.fullAtMs ?? 0,
    ...lanes.map(({ lastAtMs }) => lastAtMs + policy.forgetMs),
    ...known.map(({ rightAtMs }) => rightAtMs + policy.knownMs),
  );
}

const strangersLimit = ({ strangers: { tries, perMs } }: GuessPolicy) => ({
  burst: tries,
  tokenMs: perMs / tries,
});

function delayAfter(wrong: number, { tries, delayMs, delayMsMax }: GuessPolicy): number {
  if (wrong < tries) return 0;
  return Math.min(delayMs * 2 ** Math.min(wrong - tries, DOUBLINGS_MAX), delayMsMax);
}

const isRemembered = ({ lastAtMs }: Lane, { forgetMs }: GuessPolicy, nowMs: number) =>
  nowMs - lastAtMs < forgetMs;

const forgetOld = (book: GuessBook, { knownMs }: GuessPolicy, nowMs: number) => ({
  known: book.known.filter(({ rightAtMs }) => nowMs - rightAtMs < knownMs),
});
