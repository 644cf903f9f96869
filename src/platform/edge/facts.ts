/** How old an isolate's knowledge of the feed may be when it answers: the "within a second". */
export const EDGE_MAX_AGE_MS = 1_000;
/** How long pages go on being served, marked, while the feed cannot be reached. */
export const EDGE_GRACE_MS = 10_000;

export type FactKind =
  | "purge"
  | "purge_all"
  | "revoke"
  | "unrevoke"
  | "block"
  | "unblock"
  | "flag"
  | "unflag";

/**
 * Something every isolate has to know within `EDGE_MAX_AGE_MS`. `value` is what it is about: a tag, a
 * token, an address, a flag's name; empty for `purge_all`. `data` is a flag's setting, or how far a
 * revocation goes.
 */
export type NewFact = {
  kind: FactKind;
  value: string;
  data?: string;
  /** When a revocation, block or flag ends by itself. */
  untilMs?: number;
};

/** A fact with its place in the log. Sequences only grow; they are near the time in ms, never behind it. */
export type Fact = NewFact & { sequence: number; atMs: number };

/**
 * What a reader missed, in order. `floor` is the newest sequence that was forgotten. While the platform
 * exchanges the code, an object of the code before answers without what is optional here.
 */
export type FeedDelta = {
  position: number;
  floor: number;
  /** Which storage this is: another one knows nothing of what was told to the one before. */
  generation?: string;
  /** Whether this storage has been told the revocations that were made before it. */
  isWhole?: boolean;
  facts: Fact[];
  /** There is more behind `position`: ask again. */
  more: boolean;
};

export type Appended = {
  position: number;
  /** From then on no answer anywhere contradicts what was appended. */
  effectiveByMs: number;
};

export type AppendError =
  | { code: "feed_full"; kind: FactKind }
  | { code: "too_many_requests"; retryAfterMs: number };

export const FACTS_PER_APPEND_MAX = 10_000;
const VALUE_LENGTH_MAX = 256;
const DATA_LENGTH_MAX = 1_024;

/** `kind:id`, as it also has to fit a `Cache-Tag` header: no comma, no `*`, no space. */
const TAG = /^[a-z][a-z_]{0,31}:[A-Za-z0-9._~-]{1,95}$/;

export const isTag = (text: string): boolean => TAG.test(text);

/** The text to put behind a tag's colon for a value that may hold anything, such as a vendor's name. */
export const tagValue = (value: string): string =>
  encodeURIComponent(value.toWellFormed())
    .replaceAll("%", "~")
    .replace(/[!'()*]/g, (mark) => `~${mark.charCodeAt(0).toString(16)}`)
    .slice(0, 95);

/** Topics hold one fact per value: an `unblock` takes the place of the `block` it ends. */
export const TOPICS: Readonly<Record<FactKind, string>> = {
  purge: "purge",
  purge_all: "purge_all",
  revoke: "revoked",
  unrevoke: "revoked",
  block: "blocked",
  unblock: "blocked",
  flag: "flag",
  unflag: "flag",
};

/** What undoes a standing fact. */
export const UNDOING = { revoke: "unrevoke", block: "unblock", flag: "unflag" } as const;
export type StandingKind = keyof typeof UNDOING;

/** Facts that hold until they are undone or end; the others only matter to who was there before them. */
export const isStanding = (kind: FactKind): kind is StandingKind => Object.hasOwn(UNDOING, kind);

/** What is wrong with a fact, or undefined. */
export function factFault({ kind, value, data, untilMs }: NewFact): string | undefined {
  if (!Object.hasOwn(TOPICS, kind)) return "an unknown kind";
  if (kind === "purge" && !isTag(value)) return "not a tag";
  if (kind === "purge_all" && value !== "") return "purge_all is about nothing in particular";
  if (kind !== "purge_all" && value === "") return "about nothing";
  if (value.length > VALUE_LENGTH_MAX || (data?.length ?? 0) > DATA_LENGTH_MAX) return "too long";
  if (untilMs !== undefined && !Number.isSafeInteger(untilMs)) return "an end that is not a time";
  return undefined;
}
