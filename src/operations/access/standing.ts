import { DependencyDown } from "../../platform/dependency.ts";
import {
  type Appended,
  appendFacts,
  type EdgeFeedBinding,
  type NewFact,
} from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** What Redis keeps of one fact that stands: the truth, of which the feed has a copy. */
export type Entry = { data: string; by: string; atMs: number; untilMs: number | null };
export type Standing = Entry & { fact: string };

export type Shelf = { key: string; kind: "block" | "flag"; max: number };

/** Networks are looked up by hash; each agent's pattern is walked through, so there are fewer. */
export const SHELVES = {
  network: { key: "edge:networks", kind: "block", max: 10_000 },
  agent: { key: "edge:agents", kind: "block", max: 200 },
  flag: { key: "edge:flags", kind: "flag", max: 500 },
} as const satisfies Record<string, Shelf>;

/** Stands in each hash from its first use on: a hash without it lost its content. */
export const MARKER = "#";

type StandingIo = Pick<Io, "redis" | "meter" | "clock">;

/** All that stands on a shelf, but for what has ended. Throws `DependencyDown`. */
export async function readShelf(
  io: StandingIo,
  { key }: Shelf,
): Promise<{
  entries: Standing[];
  ended: string[];
  isWhole: boolean;
}> {
  const found =
    (await io.redis("blocklist", (client) => client.hgetall<Record<string, Entry>>(key))) ?? {};
  const nowMs = io.clock.nowMs();
  const all = Object.entries(found).filter(([fact]) => fact !== MARKER);
  const isOver = ([, { untilMs }]: (typeof all)[number]) => untilMs !== null && untilMs <= nowMs;
  return {
    entries: all.filter((each) => !isOver(each)).map(([fact, entry]) => ({ fact, ...entry })),
    ended: all.filter(isOver).map(([fact]) => fact),
    isWhole: MARKER in found,
  };
}

/**
 * Writes what stands to Redis, and then to the feed: the truth first. If the feed cannot be told the
 * caller hears 503 and may repeat; else the clock puts it right within a minute.
 */
export async function putStanding(
  io: StandingIo,
  env: EdgeFeedBinding,
  shelf: Shelf,
  standing: readonly Standing[],
): Promise<Result<Appended, { code: "shelf_full"; max: number }>> {
  const { key, kind, max } = shelf;
  const entries = Object.fromEntries(standing.map(({ fact, ...entry }) => [fact, entry]));
  const count = await io.redis("blocklist", (client) => client.hlen(key));
  if (count + standing.length > max) return err({ code: "shelf_full", max });
  await io.redis("blocklist", (client) => client.hset(key, entries));
  return ok(
    await tell(
      io,
      env,
      standing.map((each) => factOf(kind, each)),
    ),
  );
}

/** Ends facts, known or not. Answers which of them there were. */
export async function dropStanding(
  io: StandingIo,
  env: EdgeFeedBinding,
  { key, kind }: Shelf,
  facts: readonly string[],
): Promise<{ known: boolean; appended: Appended }> {
  const removed = await io.redis("blocklist", (client) => client.hdel(key, ...facts));
  const undoing = kind === "block" ? "unblock" : "unflag";
  const appended = await tell(
    io,
    env,
    facts.map((value) => ({ kind: undoing, value })),
  );
  return { known: removed > 0, appended };
}

export const factOf = (
  kind: Shelf["kind"],
  { fact, data, by, atMs, untilMs }: Standing,
): NewFact => ({
  kind,
  value: fact,
  // A flag's setting is all that isolates need; a block says why, for a Redis that lost everything.
  data: kind === "flag" ? data : JSON.stringify({ data, by, atMs }),
  ...(untilMs === null ? {} : { untilMs }),
});

async function tell(
  { meter }: StandingIo,
  env: EdgeFeedBinding,
  facts: NewFact[],
): Promise<Appended> {
  const appended = await appendFacts(env, meter, facts);
  if (!appended.ok) throw new DependencyDown("edge feed", new Error(appended.error.code));
  return appended.value;
}
