import { and, gt, lt } from "drizzle-orm";
import { forgetSnapshots } from "../cart/index.ts";
import { forgetEvents } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { alerts, deadLetters } from "./schema.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * How many days each kind of row is kept. What has no line here stays: orders and their events, the audit log,
 * messages that were sent about orders (the audit of orders asks for them), payment alerts, and whatever
 * still waits for somebody.
 */
export const KEPT_DAYS = {
  /** Handled ones. Longer than any dispute may take to come. */
  paymentEvents: 550,
  /** Of carts that ended. */
  cartSnapshots: 90,
  /** Of carts that nobody has touched: the longest-lived cart ends after 30 days. */
  untouchedSnapshots: 180,
  cartAbandonments: 90,
  /** Taken by a merchant's endpoint or a system of the shop's. */
  webhookDeliveries: 90,
  /** Which devices were told. */
  pushes: 90,
  /** Sent again by an operator, and not come back. */
  deadLetters: 30,
  /** Alerts that are over. */
  alerts: 180,
} as const;

/** Rows of one statement: a sweep must not hold locks for long. What is left is the next minute's. */
const BATCH = 500;

type ForgetIo = Pick<Io, "sql" | "documents" | "clock">;

type Forget = (io: ForgetIo, old: { beforeMs: number; limit: number }) => Promise<number>;
/** Comms stand beside operations: what forgets theirs is handed over. */
type OfComms = { forgetAbandonments: Forget; forgetDeliveries: Forget; forgetPushes: Forget };

/** Deletes what is older than it is kept for, at most a batch of each kind. Repeating it harms nothing. */
export async function forgetOld(
  io: ForgetIo,
  { forgetAbandonments, forgetDeliveries, forgetPushes }: OfComms,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const before = (kind: keyof typeof KEPT_DAYS) => nowMs - KEPT_DAYS[kind] * DAY_MS;
  const old = (kind: keyof typeof KEPT_DAYS) => ({ beforeMs: before(kind), limit: BATCH });
  const kinds = {
    paymentEvents: forgetEvents(io, old("paymentEvents")),
    cartSnapshots: forgetSnapshots(io, {
      endedBeforeMs: before("cartSnapshots"),
      takenBeforeMs: before("untouchedSnapshots"),
      limit: BATCH,
    }),
    cartAbandonments: forgetAbandonments(io, old("cartAbandonments")),
    webhookDeliveries: forgetDeliveries(io, old("webhookDeliveries")),
    pushes: forgetPushes(io, old("pushes")),
    deadLetters: forgetLetters(io, before("deadLetters")),
    alerts: forgetAlerts(io, before("alerts")),
  };
  const sweep = { swept: 0, failed: 0 };
  await Promise.allSettled(Object.values(kinds));
  for (const [kind, forgetting] of Object.entries(kinds)) {
    try {
      sweep.swept += await forgetting;
    } catch (error) {
      // Each to its end: one database that is away must not stop the others.
      sweep.failed += 1;
      logError("retention.failed", error, { kind });
    }
  }
  return sweep;
}

async function forgetLetters({ sql }: ForgetIo, beforeMs: number): Promise<number> {
  const { redrivenAtMs, lastAtMs } = deadLetters;
  // One that came back after it was sent again waits for a decision.
  const settled = and(lt(redrivenAtMs, beforeMs), gt(redrivenAtMs, lastAtMs));
  return (await sql.delete(deadLetters).where(settled).limit(BATCH)).rowsAffected;
}

async function forgetAlerts({ sql }: ForgetIo, beforeMs: number): Promise<number> {
  const over = lt(alerts.resolvedAtMs, beforeMs);
  return (await sql.delete(alerts).where(over).limit(BATCH)).rowsAffected;
}
