import { describe, it } from "vitest";
import { cancelOrder, placeOrder } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { requestReturn } from "../../src/orders/request-return.ts";
import { readEvents } from "../../src/orders/store.ts";
import { LineId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import { captured, newOrderId, placedBody } from "./placed-order.ts";
import { ioAt, orderNow, placed } from "./world.ts";

const SHOPPER = { kind: "shopper", id: "guest" } as const;
const paid = async () => {
  const order = await placed();
  await recordFact(ioAt(), { orderId: order.orderId, actor: "test", fact: captured(2500) });
  return order;
};

describe("placeOrder", () => {
  it("takes one round trip, and tells a repeat by the same checkout that it is placed", async ({
    expect,
  }) => {
    const orderId = newOrderId();
    const body = placedBody(orderId);
    const io = ioAt();
    const request = { orderId, body, actor: SHOPPER, occurredAtMs: 1_000 };
    expect(await placeOrder(io, request)).toBe("placed");
    expect(io.meter.roundTrips).toBe(1);
    // A recovery knows another time and trace.
    const later = { ...request, occurredAtMs: 9_000 };
    expect(await placeOrder(ioAt(0, "req_recovery"), later)).toBe("already_placed");
    const events = await readEvents(io.sql, orderId);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ occurredAtMs: 1_000, trace: "req_orders_test" });
  });

  it("places once when sent twenty times at once", async ({ expect }) => {
    const orderId = newOrderId();
    const request = { orderId, body: placedBody(orderId), actor: SHOPPER, occurredAtMs: 1_000 };
    const results = await Promise.all(
      Array.from({ length: 20 }, () => placeOrder(ioAt(), request)),
    );
    expect(results.filter((result) => result === "placed")).toHaveLength(1);
    expect(results.filter((result) => result === "already_placed")).toHaveLength(19);
  });

  it("does not give one checkout's order to another", async ({ expect }) => {
    const { orderId } = await placed();
    const stranger = { orderId, body: placedBody(orderId), actor: SHOPPER, occurredAtMs: 1 };
    await expect(placeOrder(ioAt(), stranger)).rejects.toThrow("one checkout");
  });

  it("writes nothing whose sums do not add up", async ({ expect }) => {
    const orderId = newOrderId();
    const good = placedBody(orderId);
    const wrong = [
      { ...good, totals: { ...good.totals, total: money(2501, "USD") } },
      { ...good, totals: { ...good.totals, subtotal: money(1999, "USD"), tax: money(1, "USD") } },
      { ...good, payment: { ...good.payment, authorized: money(2400, "USD") } },
      { ...good, totals: { ...good.totals, shipping: money(500, "EUR") } },
    ];
    for (const body of wrong) {
      const request = { orderId, body, actor: SHOPPER, occurredAtMs: 1 };
      await expect(placeOrder(ioAt(), request)).rejects.toThrow();
    }
    expect(await readEvents(ioAt().sql, orderId)).toEqual([]);
  });
});

describe("cancelOrder", () => {
  const cancel = (orderId: Parameters<typeof cancelOrder>[1]["orderId"], request: string) =>
    cancelOrder(ioAt(), { orderId, actor: SHOPPER, reason: "no", request });

  it("47 · lets one of fifty parallel cancellations in, and tells the others why not", async ({
    expect,
  }) => {
    const { orderId } = await paid();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, at) => cancel(orderId, `request-${at}`)),
    );
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    const refusals = results.flatMap((result) => (result.ok ? [] : [result.error]));
    expect(refusals).toEqual(
      Array.from({ length: 49 }, () => ({ code: "order_conflict", status: "cancelled" })),
    );
    const events = await readEvents(ioAt().sql, orderId);
    expect(events.map(({ type }) => type)).toEqual([
      "order.placed.v1",
      "payment.captured.v1",
      "order.cancelled.v1",
    ]);
  });

  it("answers the same to a repeat of the same request", async ({ expect }) => {
    const { orderId } = await placed();
    const results = await Promise.all(Array.from({ length: 10 }, () => cancel(orderId, "mine")));
    for (const result of results) {
      expect(result).toMatchObject({ ok: true, value: { status: "cancelled", version: 2 } });
    }
    expect((await orderNow(orderId)).version).toBe(2);
  });

  it("does not know an order that is not there", async ({ expect }) => {
    expect(await cancel(newOrderId(), "r")).toEqual({
      ok: false,
      error: { code: "order_unknown" },
    });
  });

  it("never dates an event before the one it follows, whatever this machine's clock says", async ({
    expect,
  }) => {
    const { orderId } = await placed({ occurredAtMs: 5_000_000 });
    await cancelOrder(ioAt(1_000), { orderId, actor: SHOPPER, reason: "", request: "r" });
    expect((await orderNow(orderId)).lastEventAtMs).toBe(5_000_000);
  });
});

describe("requestReturn", () => {
  const line = (quantity: number) => [{ lineId: LineId.parse("lin_1"), quantity }];

  it("records one return per request and never more than was bought", async ({ expect }) => {
    const { orderId } = await paid();
    const ask = (request: string, quantity: number) =>
      requestReturn(ioAt(), {
        orderId,
        actor: SHOPPER,
        lines: line(quantity),
        reason: "",
        request,
      });
    const repeats = await Promise.all(Array.from({ length: 5 }, () => ask("first", 1)));
    expect(new Set(repeats.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(repeats[0]).toMatchObject({ ok: true });
    expect((await orderNow(orderId)).returns).toHaveLength(1);
    // One unit is left, and six requests want it.
    const rest = await Promise.all(Array.from({ length: 6 }, (_, at) => ask(`r${at}`, 1)));
    expect(rest.filter((result) => result.ok)).toHaveLength(1);
    expect((await orderNow(orderId)).returns).toHaveLength(2);
  });
});

describe("recordFact", () => {
  it("writes a fact once however many consumers bring it at once", async ({ expect }) => {
    const { orderId } = await placed();
    const fact = captured(2500);
    await Promise.all(
      Array.from({ length: 10 }, () => recordFact(ioAt(), { orderId, actor: "test", fact })),
    );
    expect(await orderNow(orderId)).toMatchObject({ status: "paid", version: 2 });
  });

  it("throws for a fact that cannot be true of the order", async ({ expect }) => {
    const { orderId } = await paid();
    const fact = {
      type: "payment.voided.v1",
      data: { processor: "stripe", paymentId: "pi_1" },
    } as const;
    await expect(recordFact(ioAt(), { orderId, actor: "test", fact })).rejects.toThrow("voided");
    expect((await orderNow(orderId)).version).toBe(2);
  });
});
