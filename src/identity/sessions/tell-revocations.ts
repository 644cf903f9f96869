import { and, asc, eq, lte } from "drizzle-orm";
import { DependencyDown } from "../../platform/dependency.ts";
import { appendFacts, type EdgeFeedBinding, type NewFact } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logError } from "../../platform/telemetry/log.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import { sessions, users } from "../schema.ts";
import type { Closed } from "./close-session.ts";
import { sessionEnded, userEnded } from "./revocations.ts";

type TellingIo = Pick<Io, "sql" | "meter">;
type Telling = { fact: NewFact } & ({ sessionId: SessionId } | { userId: UserId; epoch: number });

/**
 * Tells the feed of a revocation, or leaves it to the sweep. The row that revokes is its own note that
 * this is still to be done, so a crash in between forgets nothing. Never throws.
 */
export async function tellOrLeave(
  io: TellingIo & Pick<Io, "trace">,
  env: EdgeFeedBinding,
  telling: Telling,
): Promise<Closed> {
  try {
    return { effectiveByMs: await tell(io, env, telling) };
  } catch (error) {
    logError("identity.revocation_left_to_sweep", error, { trace: io.trace });
    return { effectiveByMs: undefined };
  }
}

async function tell({ sql, meter }: TellingIo, env: EdgeFeedBinding, telling: Telling) {
  const appended = await appendFacts(env, meter, [telling.fact]);
  if (!appended.ok) throw new DependencyDown("edge feed", new Error(appended.error.code));
  if ("sessionId" in telling) {
    const isThis = eq(sessions.id, telling.sessionId);
    await sql.update(sessions).set({ revokeDueMs: null }).where(isThis);
  } else {
    const { userId, epoch } = telling;
    // A later epoch has a telling of its own.
    const isThis = and(eq(users.id, userId), eq(users.sessionEpoch, epoch));
    await sql.update(users).set({ revokeDueMs: null }).where(isThis);
  }
  return appended.value.effectiveByMs;
}

const SWEEP_MAX = 200;
/** What is younger is still being told by the request that made it. */
const SWEEP_AFTER_MS = 5_000;

/** Tells what a crash or an outage has left untold, oldest first. */
export async function sweepRevocations(
  io: TellingIo & Pick<Io, "clock">,
  env: EdgeFeedBinding,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const dueMs = nowMs - SWEEP_AFTER_MS;
  const [ended, raised] = await Promise.all([
    io.sql
      .select({ id: sessions.id })
      .from(sessions)
      .where(lte(sessions.revokeDueMs, dueMs))
      .orderBy(asc(sessions.revokeDueMs))
      .limit(SWEEP_MAX),
    io.sql
      .select({ id: users.id, epoch: users.sessionEpoch })
      .from(users)
      .where(lte(users.revokeDueMs, dueMs))
      .orderBy(asc(users.revokeDueMs))
      .limit(SWEEP_MAX),
  ]);
  const tellings: Telling[] = [
    ...ended.map(({ id }) => ({ sessionId: id, fact: sessionEnded(id, nowMs) })),
    ...raised.map(({ id, epoch }) => ({
      userId: id,
      epoch,
      fact: userEnded(id, epoch, nowMs),
    })),
  ];
  const sweep = { swept: 0, failed: 0 };
  for (const telling of tellings) {
    try {
      await tell(io, env, telling);
      sweep.swept += 1;
    } catch (error) {
      sweep.failed += 1;
      logError("identity.sweep_failed", error, { value: telling.fact.value });
    }
  }
  return sweep;
}
