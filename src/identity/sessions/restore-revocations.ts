import { and, desc, eq, gte, lt, or } from "drizzle-orm";
import type { MySqlColumn } from "drizzle-orm/mysql-core";
import {
  appendFacts,
  type EdgeFeedBinding,
  edgeFeed,
  type NewFact,
} from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { sessions, users } from "../schema.ts";
import { REVOCATION_KEPT_MS, sessionEnded, userEnded } from "./revocations.ts";

type RestoringIo = Pick<Io, "sql" | "meter" | "clock" | "trace">;

const PAGE = 1_000;
/** As many as the feed keeps. What is older is left to end with its tokens, as beyond that bound before. */
const PAGES_MAX = 20;

/**
 * Tells a feed that lost its storage, or is new, every revocation whose tokens may be alive, from the
 * database, which is their truth; true once it says of itself that it has them all.
 *
 * None is missed: what the lost storage knew was committed before it was lost, so it is read here. What
 * is committed while this reads is appended by who revoked it, and if this feed too is lost meanwhile,
 * it has another generation, which does not become whole by what its predecessor was told.
 */
export async function restoreRevocations(io: RestoringIo, env: EdgeFeedBinding): Promise<boolean> {
  const { meter, clock, trace } = io;
  const generation = await meter.step("object", async () => edgeFeed(env).beginRestore());
  if (generation === undefined) return false;
  const sinceMs = clock.nowMs() - REVOCATION_KEPT_MS;
  const [ofUsers, ofSessions] = await Promise.all([
    restoreAll(io, env, (after) => raisedEpochs(io, sinceMs, after)),
    restoreAll(io, env, (after) => endedSessions(io, sinceMs, after)),
  ]);
  const isWhole = await meter.step("object", async () => edgeFeed(env).endRestore(generation));
  const told = ofUsers + ofSessions;
  logInfo("identity.revocations_restored", { told, isWhole, trace });
  return isWhole;
}

type Row = { id: string; atMs: number; fact: NewFact };
type ReadPage = (after: Row | undefined) => Promise<Row[]>;

/** Newest first: those have the longest to live. */
async function restoreAll(
  { meter, trace }: RestoringIo,
  env: EdgeFeedBinding,
  read: ReadPage,
): Promise<number> {
  let told = 0;
  let after: Row | undefined;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const rows = await read(after);
    if (rows.length === 0) return told;
    const facts = rows.map(({ fact }) => fact);
    const appended = await appendFacts(env, meter, facts);
    if (!appended.ok) {
      logInfo("identity.revocations_not_all_restored", { ...appended.error, told, trace });
      return told;
    }
    told += rows.length;
    if (rows.length < PAGE) return told;
    after = rows.at(-1);
  }
  return told;
}

async function endedSessions({ sql }: RestoringIo, sinceMs: number, after: Row | undefined) {
  const { id, revokedAtMs } = sessions;
  const rows = await sql
    .select({ id, atMs: revokedAtMs })
    .from(sessions)
    .where(and(gte(revokedAtMs, sinceMs), before(revokedAtMs, id, after)))
    .orderBy(desc(revokedAtMs), desc(id))
    .limit(PAGE);
  return rows.map((row): Row => {
    const atMs = Number(row.atMs);
    return { id: row.id, atMs, fact: sessionEnded(row.id, atMs) };
  });
}

async function raisedEpochs({ sql }: RestoringIo, sinceMs: number, after: Row | undefined) {
  const { id, sessionEpoch, epochRaisedAtMs } = users;
  const rows = await sql
    .select({ id, epoch: sessionEpoch, atMs: epochRaisedAtMs })
    .from(users)
    .where(and(gte(epochRaisedAtMs, sinceMs), before(epochRaisedAtMs, id, after)))
    .orderBy(desc(epochRaisedAtMs), desc(id))
    .limit(PAGE);
  return rows.map((row): Row => {
    const atMs = Number(row.atMs);
    return { id: row.id, atMs, fact: userEnded(row.id, row.epoch, atMs) };
  });
}

const before = (atMs: MySqlColumn, id: MySqlColumn, after: Row | undefined) =>
  after && or(lt(atMs, after.atMs), and(eq(atMs, after.atMs), lt(id, after.id)));
