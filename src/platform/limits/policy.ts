/** At most `tries` at once, refilled steadily so that a whole budget comes back in `perMs`. */
export type QuotaPolicy = { kind: "quota"; name: string; tries: number; perMs: number };

/**
 * For secrets that can be guessed (a password, a code). Each try counts as wrong until it is called
 * right, so a race is no way around it; `guess.ts` says the rule.
 */
export type GuessPolicy = {
  kind: "guess";
  name: string;
  /** Wrong tries of one place before each next one has to wait. */
  tries: number;
  /** The first wait; each further wrong try doubles it, up to `delayMsMax`. */
  delayMs: number;
  delayMsMax: number;
  /** All places together from which nobody ever got it right: so many at once, all back in `perMs`. */
  strangers: { tries: number; perMs: number };
  /** A place's wrong tries are forgotten after so long without one. */
  forgetMs: number;
  /** How long a place stays known after it was right. */
  knownMs: number;
};

/**
 * For what is known to be wrong only by its end, and may take long to end (a payment). An attempt counts
 * as wrong while it is under way, so a burst is no way around it. `attempts.ts` says the rule.
 */
export type AttemptPolicy = {
  kind: "attempt";
  name: string;
  /** So many wrong ones, and so many under way, at once; all back in `perMs`. */
  tries: number;
  perMs: number;
  /** And so many in all, however they end. */
  all: { tries: number; perMs: number };
};

export type Policy = QuotaPolicy | GuessPolicy | AttemptPolicy;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** What a deployment may set for a policy, by its name, in `LIMITS`; the rest stays as it is here. */
export const quota = (name: string, tries: number, perMs = MINUTE_MS): QuotaPolicy => ({
  kind: "quota",
  name,
  tries,
  perMs,
});

export const attempts = (
  name: string,
  limits: Pick<AttemptPolicy, "tries" | "perMs" | "all">,
): AttemptPolicy => ({ kind: "attempt", name, ...limits });

/** Five tries, then 1, 2, 4 … seconds, never more than 15 minutes; 20 from all strangers, then one a minute. */
export const guesses = (name: string, changes: Partial<GuessPolicy> = {}): GuessPolicy => ({
  kind: "guess",
  name,
  tries: 5,
  delayMs: 1_000,
  delayMsMax: 15 * MINUTE_MS,
  strangers: { tries: 20, perMs: 20 * MINUTE_MS },
  forgetMs: DAY_MS,
  knownMs: 90 * DAY_MS,
  ...changes,
});
