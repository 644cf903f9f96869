/** So many payments may be out at a processor that has shown no sign of life since the first of them left. */
export const UNPROVEN_MAX = 2;
/** A crowd may have more of them out: so many times as many after each round that was answered. */
const CROWD_GROWTH = 4;
const CROWD_MAX = 10_000;
/** Less of a crowd for so long, and twice the usual time of an answer: it may have fewer out again. */
const CROWD_MS = 500;
/** Beyond twice the usual time of an answer, even a crowd waits for the next sign of life. */
const SILENCE_MS = 20;

/** So many payments that take so much longer than usual say that payments hang, whatever else is answered. */
const LATE_MAX = 3;
const LATE_MS = 500;
const LATE_FACTOR = 3;

/** How old the newest sign of life may be before somebody asks for one beside the hold. */
const AGEING_MS = 250;
/** How much the newest answer weighs in the usual time. */
const NEWEST_WEIGHT = 0.2;

/**
 * What one isolate knows of whether a processor lives. Plain data, so its requests may share it. Calls are
 * numbered as they leave, because the order in which they left says more than a clock that stands still
 * while code runs: an answer proves that the processor lived when its call left, and nothing about those
 * that left after it.
 */
export type Signs = {
  /** The number of the call that left last. */
  sent: number;
  /** The newest call that was answered, and when it had left. */
  proven: { call: number; atMs: number };
  /** The newest payment that was answered: a processor may answer questions while payments hang. */
  paid: number;
  /** Payments without an answer: number to when they left. */
  out: Map<number, number>;
  /** Payments that went badly since the newest call that was answered. */
  lost: number[];
  /** The call that left last when a question was not answered: older ones end in the same silence. */
  silent: number;
  /** A question is under way until then at most. */
  askedUntilMs: number;
  /**
   * How many may be out unproven while a crowd pays, when there last was one, whether somebody had to wait
   * since its newest round, and the call that left last before that round.
   */
  crowd: { size: number; atMs: number; isShort: boolean; round: number };
  /** How long a payment's answer usually takes. */
  usualMs: number;
};

export const noSigns = (): Signs => ({
  sent: 0,
  proven: { call: 0, atMs: 0 },
  paid: 0,
  out: new Map(),
  lost: [],
  silent: 0,
  askedUntilMs: 0,
  crowd: { size: UNPROVEN_MAX, atMs: 0, isShort: false, round: 0 },
  usualMs: 0,
});

/**
 * `call`: it may leave. `listen`: a sign of life is about to come. `crowd`: it needs one to leave beside so
 * many. `hang`: it needs the answer to a payment, as no other proves enough.
 */
export type Leave = "call" | "listen" | "crowd" | "hang";

/**
 * Whether one more payment may leave. Of an outage only those become unknown that were out when it began,
 * and `UNPROVEN_MAX` more; a processor that answers is not held back, however many pay at once.
 */
export function mayLeave(signs: Signs, nowMs: number): Leave {
  const lateMs = LATE_FACTOR * signs.usualMs + LATE_MS;
  const late = count(signs, signs.paid, (atMs) => nowMs - atMs > lateMs);
  if (late >= LATE_MAX) return "hang";
  const unproven = unprovenOf(signs);
  const ageMs = nowMs - signs.proven.atMs;
  if (unproven < UNPROVEN_MAX)
    return isAsked(signs, nowMs) && ageMs > AGEING_MS ? "listen" : "call";
  const isFresh = ageMs <= 2 * signs.usualMs + SILENCE_MS;
  return isFresh && unproven < crowdSize(signs, nowMs) ? "call" : "crowd";
}

/** Whether it is time to ask: before somebody has to wait for the answer. */
export const isAgeing = (signs: Signs, nowMs: number): boolean =>
  !isAsked(signs, nowMs) &&
  (nowMs - signs.proven.atMs > AGEING_MS || unprovenOf(signs) >= UNPROVEN_MAX);

/** A question was not answered. Says whether that is news: many may have been out in one silence. */
export function unanswered(signs: Signs, call: number): "new" | "same" {
  if (call <= signs.silent) return "same";
  signs.silent = signs.sent;
  return "new";
}

/** Whether a question was not answered, and nothing that left afterwards either. */
export const isSilent = ({ silent, proven }: Signs): boolean => silent > proven.call;

/** Whether a question is under way. */
export const isAsked = ({ askedUntilMs }: Signs, nowMs: number): boolean => nowMs < askedUntilMs;

/** A payment leaves; its number. */
export function leaves(signs: Signs, nowMs: number): number {
  const size = crowdSize(signs, nowMs);
  const isCrowd = size > UNPROVEN_MAX && unprovenOf(signs) * CROWD_GROWTH >= size;
  if (isCrowd) signs.crowd = { ...signs.crowd, size, atMs: nowMs };
  signs.sent += 1;
  signs.out.set(signs.sent, nowMs);
  return signs.sent;
}

/** A question leaves that takes `forMs` at most; its number. */
export function asks(signs: Signs, nowMs: number, forMs: number): number {
  signs.sent += 1;
  signs.askedUntilMs = nowMs + forMs;
  return signs.sent;
}

/** The call was answered: the processor lived after `sentAtMs`, when it had left. */
export function answered(signs: Signs, call: number, sentAtMs: number): void {
  if (call <= signs.proven.call) return;
  signs.proven = { call, atMs: sentAtMs };
  signs.lost = signs.lost.filter((each) => each > call);
  // Once a round, by an answer to what left in it: so many were no burden, and somebody waits for more.
  const { crowd } = signs;
  if (!crowd.isShort || call <= crowd.round) return;
  const size = Math.min(crowd.size * CROWD_GROWTH, CROWD_MAX);
  signs.crowd = { ...crowd, size, isShort: false, round: signs.sent };
}

/** The payment was answered. */
export function paid(signs: Signs, call: number, sentAtMs: number, nowMs: number): void {
  answered(signs, call, sentAtMs);
  signs.out.delete(call);
  signs.paid = Math.max(signs.paid, call);
  signs.usualMs += (nowMs - sentAtMs - signs.usualMs) * NEWEST_WEIGHT;
}

/**
 * The payment went badly. It goes on counting among the unproven: the answer to one that had left before it
 * may come after its end, and says nothing about those that would leave now.
 */
export function lost(signs: Signs, call: number): void {
  signs.out.delete(call);
  if (call > signs.proven.call) signs.lost.push(call);
}

/** Somebody has to wait: a crowd. It begins small, and what is out already proves nothing for it. */
export function crowds(signs: Signs, nowMs: number): void {
  const size = crowdSize(signs, nowMs);
  const isNew = size === UNPROVEN_MAX && nowMs - signs.crowd.atMs > CROWD_MS;
  const round = isNew ? signs.sent : signs.crowd.round;
  signs.crowd = { size, round, atMs: nowMs, isShort: true };
}

/** Forgets payments whose request died and will never say how they went. */
export function forgetOlder(signs: Signs, sentBeforeMs: number): void {
  for (const [call, atMs] of signs.out) {
    if (atMs >= sentBeforeMs) return; // In the order in which they left.
    signs.out.delete(call);
  }
}

/** Shrinks as it grew while fewer are out. */
function crowdSize({ crowd, usualMs }: Signs, nowMs: number): number {
  const periods = Math.floor((nowMs - crowd.atMs) / (CROWD_MS + 2 * usualMs));
  return Math.max(Math.floor(crowd.size / CROWD_GROWTH ** periods), UNPROVEN_MAX);
}

const unprovenOf = (signs: Signs): number =>
  signs.lost.length + count(signs, signs.proven.call, () => true);

function count({ out }: Signs, since: number, isOne: (atMs: number) => boolean): number {
  let found = 0;
  for (const [call, atMs] of out) if (call > since && isOne(atMs)) found += 1;
  return found;
}
