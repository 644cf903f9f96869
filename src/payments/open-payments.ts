import { asc, eq, lte } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { ProcessorName } from "./model.ts";
import { openPayments } from "./schema.ts";

type Store = Pick<Io, "sql" | "clock">;
export type OpenPayment = {
  key: string;
  processor: ProcessorName;
  checkoutId: string;
  sentAtMs: number;
};

/** The checkout asks by its own alarm first. */
const RECONCILE_AFTER_MS = 60_000;
const AGAIN_AFTER_MS_MAX = 10 * 60_000;

/** Notes a payment whose outcome is unknown, so that the reconciler knows of it too. */
export async function noteOpenPayment({ sql, clock }: Store, payment: OpenPayment): Promise<void> {
  const dueAtMs = clock.nowMs() + RECONCILE_AFTER_MS;
  await sql
    .insert(openPayments)
    .ignore()
    .values({ ...payment, dueAtMs });
}

/** The open payments whose turn it is; each comes again later, whatever becomes of this turn. */
export async function listOpenPayments(
  { sql, clock }: Store,
  limit: number,
): Promise<OpenPayment[]> {
  return sql
    .select({
      key: openPayments.key,
      processor: openPayments.processor,
      checkoutId: openPayments.checkoutId,
      sentAtMs: openPayments.sentAtMs,
    })
    .from(openPayments)
    .where(lte(openPayments.dueAtMs, clock.nowMs()))
    .orderBy(asc(openPayments.dueAtMs), asc(openPayments.key))
    .limit(limit);
}

/** It is known now, and whoever it belongs to has acted on it. */
export async function closeOpenPayment({ sql }: Pick<Io, "sql">, key: string): Promise<void> {
  await sql.delete(openPayments).where(eq(openPayments.key, key));
}

/** Still unknown: later again, the longer it already took. */
export async function postponeOpenPayment(
  { sql, clock }: Store,
  { key, sentAtMs }: OpenPayment,
): Promise<void> {
  const nowMs = clock.nowMs();
  const delayMs = Math.min(
    Math.max((nowMs - sentAtMs) / 2, RECONCILE_AFTER_MS),
    AGAIN_AFTER_MS_MAX,
  );
  await sql
    .update(openPayments)
    .set({ dueAtMs: Math.round(nowMs + delayMs) })
    .where(eq(openPayments.key, key));
}
