import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import { sumMinor } from "../shared/money.ts";
import type { Actor, EventData, OrderEvent } from "./model.ts";
import { eventIdFor } from "./order-id.ts";
import { appendEvents, readEvents } from "./store.ts";

export type PlaceOrder = {
  orderId: OrderId;
  body: EventData<"order.placed.v1">;
  actor: Actor;
  occurredAtMs: number;
};

/**
 * Writes an order's first event: from here on the order exists. A repeat by the same checkout, with
 * whatever other moment or trace, is told that it is placed. One round trip; two for a repeat.
 */
export async function placeOrder(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, body, actor, occurredAtMs }: PlaceOrder,
): Promise<"placed" | "already_placed"> {
  assertSums(body);
  const event: OrderEvent = {
    type: "order.placed.v1",
    data: body,
    orderId,
    sequence: 1,
    eventId: eventIdFor(orderId, 1),
    actor,
    occurredAtMs,
    trace: io.trace,
  };
  const appending = { status: "placed", nowMs: io.clock.nowMs() } as const;
  if ((await appendEvents(io.sql, [event], appending)) === "appended") return "placed";

  const [first] = await readEvents(io.sql, orderId);
  assert(
    first?.type === "order.placed.v1" && first.data.checkoutId === body.checkoutId,
    "an order id belongs to one checkout",
  );
  return "already_placed";
}

/** What is charged is the sum of what was bought, to the last minor unit and in one currency. */
function assertSums({ lines, totals, payment }: EventData<"order.placed.v1">): void {
  const { subtotal, discount, shipping, tax, total } = totals;
  const sum = sumMinor([subtotal.amount, -discount.amount, shipping.amount, tax.amount]);
  assert(sum === total.amount, "the totals do not add up");
  assert(
    sumMinor(lines.map((line) => line.total.amount)) === subtotal.amount,
    "the lines do not add up to the subtotal",
  );
  assert(payment.authorized.amount === total.amount, "authorized another amount than the total");
  const amounts = [...Object.values(totals), ...lines.map((line) => line.total)];
  assert(
    amounts.every(({ currency }) => currency === payment.authorized.currency),
    "an order has one currency",
  );
}
