import { and, asc, desc, eq, gt, inArray, lt, ne, or } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { orders } from "./schema.ts";

export type UnsettledOrder = { orderId: OrderId; sinceMs: number };

/** Consumers are done with an order's money within seconds; what takes longer than this wants a look. */
const SETTLED_WITHIN_MS = 2 * 60_000;
/** Older ones were raised as alerts long ago, and are a person's by now. */
const LOOK_BACK_MS = 14 * 24 * 60 * 60 * 1000;

/**
 * Orders whose money has not moved although it should have: placed and not captured, cancelled and not
 * given back, or with a refund that was asked for and is not settled. Half of them the oldest and half the newest, so that what cannot be mended does not
 * hide what can. From the list rows, so it may name an order that was settled meanwhile.
 */
export async function listUnsettled(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  limit: number,
): Promise<UnsettledOrder[]> {
  const nowMs = clock.nowMs();
  const owed = and(
    eq(orders.status, "cancelled"),
    inArray(orders.paymentStatus, ["authorized", "pending", "failed", "captured"]),
    gt(orders.totalMinor, 0),
  );
  const unsettled = and(
    or(
      // A refused capture waits for a person.
      and(eq(orders.status, "placed"), ne(orders.paymentStatus, "failed")),
      owed,
      eq(orders.refundsPending, true),
    ),
    lt(orders.updatedAtMs, nowMs - SETTLED_WITHIN_MS),
    gt(orders.placedAtMs, nowMs - LOOK_BACK_MS),
  );
  const read = (oldestFirst: boolean) =>
    sql
      .select({ orderId: orders.orderId, sinceMs: orders.updatedAtMs })
      .from(orders)
      .where(unsettled)
      .orderBy(oldestFirst ? asc(orders.placedAtMs) : desc(orders.placedAtMs))
      .limit(Math.ceil(limit / 2));
  const rows = (await Promise.all([read(true), read(false)])).flat();
  return [...new Map(rows.map((row) => [row.orderId, row])).values()];
}
