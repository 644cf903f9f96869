import { and, eq } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { canonicalJson } from "../shared/digest.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import { erasedEvent } from "./erased-event.ts";
import type { OrderRefusal } from "./model.ts";
import { orderEvents } from "./schema.ts";
import { foldOrder, type OrderState } from "./state.ts";
import { readEvents } from "./store.ts";
import { mayFollow } from "./transitions.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/**
 * After its last event an order still says for this long who bought: goods may come back, and a charge
 * may be disputed. A merchant whose law wants names on invoices for longer makes it that long.
 */
export const ERASABLE_AFTER_MS = 30 * DAY_MS;

type EraseRefusal = Extract<OrderRefusal, { code: "order_unknown" | "not_over" }>;

/**
 * Removes from an order of an account what says who bought, for good and also for moments in the past:
 * the one change that is ever made to what an event says. First the events, then the event that notes
 * it; a crash in between is mended by a repeat, for both steps may be repeated.
 */
export async function eraseOrder(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, ownerId }: { orderId: OrderId; ownerId: string },
): Promise<Result<OrderState, EraseRefusal>> {
  const events = await readEvents(io.sql, orderId);
  const state = foldOrder(events);
  if (!state) return err({ code: "order_unknown" });
  if (state.isErased) return ok(state);
  if (!isErasable(state, ownerId, io.clock.nowMs())) return err({ code: "not_over" });
  for (const event of events) {
    const { sequence } = event;
    const { data } = erasedEvent(event);
    if (canonicalJson(data) === canonicalJson(event.data)) continue;
    await io.sql
      .update(orderEvents)
      .set({ data })
      .where(and(eq(orderEvents.orderId, orderId), eq(orderEvents.sequence, sequence)));
  }
  const actor = { kind: "system", id: "erasure" } as const;
  return changeOrder(io, {
    orderId,
    actor,
    decide: (now) => (now.isErased ? ok([]) : ok([{ type: "order.erased.v1" as const, data: {} }])),
  });
}

/** After the first half of an erasure the order names no account any more. */
function isErasable(state: OrderState, ownerId: string, nowMs: number): boolean {
  const isTheirs = state.ownerId === ownerId || state.ownerId === "erased";
  const isOld = state.lastEventAtMs + ERASABLE_AFTER_MS <= nowMs;
  return isTheirs && isOld && mayFollow(state, "order.erased.v1");
}
