import { and, desc, eq, lt, or } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { OrderId } from "../shared/ids.ts";
import type { OrderPlace } from "./order-page.ts";
import { readStreams } from "./outbox.ts";
import { orders } from "./schema.ts";
import { foldOrder, type OrderState } from "./state.ts";
import { ownerOf } from "./store.ts";

export type OrderPageWanted = { ownerId: string; limit: number; after?: OrderPlace | undefined };
export type OrderListPage = { items: OrderState[]; next: OrderPlace | undefined };

/**
 * An account's orders, newest first, each as its events make it. Which ones is a list row's to say, so
 * an order that was placed this very moment may be missing for another. Two round trips.
 */
export async function listOrders(
  io: Pick<Io, "sql" | "clock" | "trace">,
  wanted: OrderPageWanted,
): Promise<OrderListPage> {
  const { places, next } = await listPlaces(io, wanted);
  const ids = places.map(({ orderId }) => orderId);
  const streams = await readStreams(io.sql, ids, io.clock.nowMs());
  const items = ids.flatMap((orderId) => {
    const state = foldedOrLogged(orderId, streams.get(orderId) ?? []);
    // The events say whose it is; the row is a copy.
    return state?.ownerId === wanted.ownerId ? [state] : [];
  });
  return { items, next };
}

/** Which orders the list rows give to an account, newest first, whatever their events say by now. */
export async function listPlaces(
  { sql }: Pick<Io, "sql">,
  { ownerId, limit, after }: OrderPageWanted,
): Promise<{ places: OrderPlace[]; next: OrderPlace | undefined }> {
  const { orderId, placedAtMs, owner } = orders;
  const beyond =
    after &&
    or(
      lt(placedAtMs, after.placedAtMs),
      and(eq(placedAtMs, after.placedAtMs), lt(orderId, after.orderId)),
    );
  const found = await sql
    .select({ orderId, placedAtMs })
    .from(orders)
    .where(and(eq(owner, ownerOf(ownerId)), beyond))
    .orderBy(desc(placedAtMs), desc(orderId))
    .limit(limit + 1);
  const places = found.slice(0, limit);
  return { places, next: found.length > limit ? places.at(-1) : undefined };
}

type Stream = readonly { event: () => Parameters<typeof foldOrder>[0][number] }[];

/** One stream that cannot be understood must not hide the orders beside it. */
function foldedOrLogged(orderId: OrderId, rows: Stream): OrderState | undefined {
  try {
    return foldOrder(rows.map((row) => row.event()));
  } catch (error) {
    logError("orders.stream_broken", error, { orderId });
    return undefined;
  }
}
