import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import { sumMinor } from "../shared/money.ts";
import type { Actor, EventData, OrderEvent } from "./model.ts";
import { eventIdFor } from "./order-id.ts";
import { appendEvents, readEvents } from "./store.ts";
import { sumUnits } from "./units.ts";

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
function assertSums(placed: EventData<"order.placed.v1">): void {
  const { lines, totals, payment, vouchers = [] } = placed;
  const { subtotal, discount, shipping, tax, total } = totals;
  const voucher = sumMinor(vouchers.map(({ amount }) => amount.amount));
  const sum = sumMinor([subtotal.amount, -discount.amount, shipping.amount, tax.amount, -voucher]);
  assert(sum === total.amount && total.amount >= 0, "the totals do not add up");
  assert((totals.voucher?.amount ?? 0) === voucher, "the vouchers do not add up");
  const shares = lines.map((line) => line.discount?.amount ?? 0);
  assert(sumMinor(shares) === discount.amount, "the lines' discounts do not add up");
  assert(
    lines.every((line, at) => shares[at]! >= 0 && shares[at]! <= line.total.amount),
    "a line's discount is more than the line",
  );
  assert((payment.processor === "none") === (total.amount === 0), "nothing is paid by nobody");
  assert(
    sumMinor(lines.map((line) => line.total.amount)) === subtotal.amount,
    "the lines do not add up to the subtotal",
  );
  assert(payment.authorized.amount === total.amount, "authorized another amount than the total");
  assertShipments(placed);
  const parts = Object.values(totals).filter((amount) => amount !== undefined);
  const amounts = [...parts, ...lines.map((line) => line.total)];
  assert(
    amounts.every(({ currency }) => currency === payment.authorized.currency),
    "an order has one currency",
  );
}

/** Every unit is in one shipment, and the shipments bear what shipping costs. */
function assertShipments({ lines, totals, shipments = [] }: EventData<"order.placed.v1">): void {
  if (shipments.length === 0) return;
  const planned = sumUnits(shipments.flatMap((shipment) => shipment.lines));
  assert(
    planned.size === lines.length && lines.every((line) => planned.get(line.id) === line.quantity),
    "the shipments do not add up to the lines",
  );
  const shipping = sumMinor(shipments.map((shipment) => shipment.shipping.amount));
  assert(shipping === totals.shipping.amount, "the shipments do not add up to the shipping");
}
