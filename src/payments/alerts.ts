import { and, desc, eq, lt, or, sql as raw } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { paymentAlerts } from "./schema.ts";

export type PaymentAlert = {
  kind:
    | "other_merchant"
    | "amount_mismatch"
    | "event_unplaced"
    | "orphan_payment"
    | "payment_overdue"
    | "movement_failed"
    | "movement_unconfirmed"
    | "capture_refused"
    | "refund_refused"
    | "stock_lost";
  /** The event, attempt or order that it is about. */
  subject: string;
  detail: string;
};

const DETAIL_LENGTH_MAX = 500;
const SUBJECT_LENGTH_MAX = 150;

/** Tells people, in the log that alerts read and in a table; the same thing again is counted. */
export async function raiseAlert(
  { sql, clock, trace }: Pick<Io, "sql" | "clock" | "trace">,
  { kind, subject, detail }: PaymentAlert,
): Promise<void> {
  logError(`payment.${kind}`, new Error(detail), { subject, trace });
  const nowMs = clock.nowMs();
  const name = subject.slice(0, SUBJECT_LENGTH_MAX);
  await sql
    .insert(paymentAlerts)
    .values({
      id: `${kind}:${name}`,
      kind,
      subject: name,
      detail: detail.slice(0, DETAIL_LENGTH_MAX),
      occurrences: 1,
      firstAtMs: nowMs,
      lastAtMs: nowMs,
    })
    .onDuplicateKeyUpdate({
      set: { occurrences: raw`${paymentAlerts.occurrences} + 1`, lastAtMs: nowMs },
    });
}

/** One page of alerts, those that were raised last first; continues before a place. */
export function listPaymentAlerts(
  { sql }: Pick<Io, "sql">,
  { limit, before }: { limit: number; before: { atMs: number; id: string } | undefined },
): Promise<(typeof paymentAlerts.$inferSelect)[]> {
  const { lastAtMs, id } = paymentAlerts;
  const beyond =
    before && or(lt(lastAtMs, before.atMs), and(eq(lastAtMs, before.atMs), lt(id, before.id)));
  return sql
    .select()
    .from(paymentAlerts)
    .where(beyond)
    .orderBy(desc(lastAtMs), desc(id))
    .limit(limit);
}
