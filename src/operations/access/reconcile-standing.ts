import {
  appendFacts,
  type EdgeFeedBinding,
  edgeFeed,
  type Fact,
} from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import {
  type Entry,
  factOf,
  MARKER,
  readShelf,
  SHELVES,
  type Shelf,
  type Standing,
} from "./standing.ts";

export type Reconciled = { told: number; untold: number; restored: number };

/**
 * Makes the feed say what Redis says. Redis is the truth: a feed that lost its storage hears of every
 * block and flag again, and one that was restored from a backup forgets what was undone since. Only a
 * Redis that itself lost a hash, which the missing marker tells, learns from the feed.
 *
 * The feed is read first and operators write to Redis first, so what is new in between is told twice,
 * never undone; and what is undone here is undone only if it is still the fact that was read.
 */
export async function reconcileStanding(
  io: Pick<Io, "redis" | "meter" | "clock">,
  env: EdgeFeedBinding,
): Promise<Reconciled> {
  const sum: Reconciled = { told: 0, untold: 0, restored: 0 };
  for (const kind of ["block", "flag"] as const) {
    const inFeed = await io.meter.step("object", async () => edgeFeed(env).standing(kind));
    const shelves = Object.entries(SHELVES).filter(([, shelf]) => shelf.kind === kind);
    for (const [name, shelf] of shelves) {
      const here = inFeed.filter(({ value }) => isOn(name, value));
      const done = await reconcileShelf(io, env, shelf, here);
      for (const each of ["told", "untold", "restored"] as const) sum[each] += done[each];
    }
  }
  return sum;
}

const isOn = (shelf: string, value: string) =>
  shelf === "flag" || value.startsWith("agent:") === (shelf === "agent");

async function reconcileShelf(
  io: Pick<Io, "redis" | "meter" | "clock">,
  env: EdgeFeedBinding,
  shelf: Shelf,
  inFeed: readonly Fact[],
): Promise<Reconciled> {
  const { entries, ended, isWhole } = await readShelf(io, shelf);
  if (!isWhole) return { told: 0, untold: 0, restored: await restore(io, shelf, inFeed) };
  if (ended.length > 0) await io.redis("blocklist", (client) => client.hdel(shelf.key, ...ended));

  const said = new Map(inFeed.map((fact) => [fact.value, fact]));
  const missing = entries
    .map((entry) => factOf(shelf.kind, entry))
    .filter((fact) => {
      const now = said.get(fact.value);
      return now?.untilMs !== fact.untilMs || now?.data !== fact.data;
    });
  if (missing.length > 0) await appendFacts(env, io.meter, missing);
  const standing = new Set(entries.map(({ fact }) => fact));
  const undone = inFeed.filter(({ value }) => !standing.has(value));
  const retract = async () => edgeFeed(env).retract(shelf.kind, undone);
  const untold = undone.length === 0 ? 0 : await io.meter.step("object", retract);
  return { told: missing.length, untold, restored: 0 };
}

/** What an operator wrote meanwhile stays; the marker comes last, so a restore that was cut off is done again. */
async function restore(
  io: Pick<Io, "redis" | "clock">,
  { key, kind }: Shelf,
  inFeed: readonly Fact[],
): Promise<number> {
  const nowMs = io.clock.nowMs();
  const standing = inFeed
    .filter(({ untilMs }) => untilMs === undefined || untilMs > nowMs)
    .map((fact) => standingOf(kind, fact));
  await io.redis("blocklist", async (client) => {
    const pipeline = client.multi();
    for (const { fact, ...entry } of standing) pipeline.hsetnx(key, fact, entry);
    pipeline.hset(key, { [MARKER]: 1 });
    await pipeline.exec();
  });
  return standing.length;
}

function standingOf(kind: Shelf["kind"], { value, data = "", atMs, untilMs }: Fact): Standing {
  const entry = kind === "flag" ? { data, by: "unknown", atMs } : blockEntry(data, atMs);
  return { fact: value, ...entry, untilMs: untilMs ?? null };
}

function blockEntry(text: string, atMs: number): Omit<Entry, "untilMs"> {
  try {
    return JSON.parse(text) as Omit<Entry, "untilMs">;
  } catch {
    return { data: "", by: "unknown", atMs };
  }
}
