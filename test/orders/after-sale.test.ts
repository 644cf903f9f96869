import { describe, it } from "vitest";
import { receiveReturn, refuseReturn } from "../../src/orders/close-return.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { requestRefund } from "../../src/orders/request-refund.ts";
import { requestReturn } from "../../src/orders/request-return.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import { LineId, type OrderId } from "../../src/shared/ids.ts";
import { call } from "../support/worker-shop.ts";
import { captured, newOrderId } from "./placed-order.ts";
import { ioAt, orderNow, placed } from "./world.ts";

const STAFF = { kind: "staff", id: "tester" } as const;
const SHOPPER = { kind: "shopper", id: "guest" } as const;
const parcel = { carrier: "Pigeon Post", tracking: "PP 1" };
const one = (quantity = 1) => [{ lineId: LineId.parse("lin_1"), quantity }];
const racing = <T>(count: number, act: (at: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => act(at)));
const won = (results: { ok: boolean }[]) => results.filter(({ ok }) => ok).length;

/** Two at 10.00 and 5.00 for shipping, paid; one `from` each of these places, if any. */
async function paid(from: readonly string[] = []) {
  const { orderId } = await placed({ from });
  await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
  return orderId;
}

const ship = (orderId: OrderId, request: string, quantity?: number) => {
  const lines = quantity === undefined ? undefined : one(quantity);
  return shipOrder(ioAt(), { orderId, actor: STAFF, lines, parcel, request });
};
const refund = (orderId: OrderId, request: string, amountMinor: number) =>
  requestRefund(ioAt(), { orderId, actor: STAFF, wish: { amountMinor }, reason: "late", request });
const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), { orderId, actor: SHOPPER, reason: "", request: "c" });

async function announced(orderId: OrderId, quantity = 1): Promise<string> {
  const asked = { orderId, actor: SHOPPER, lines: one(quantity), reason: "", request: "r" };
  const requested = await requestReturn(ioAt(), asked);
  if (!requested.ok) throw new Error(requested.error.code);
  return requested.value.returnId;
}

describe("shipOrder", () => {
  it("ships each unit once, in parts, until the order is fulfilled", async ({ expect }) => {
    const orderId = await paid();
    const first = await racing(5, () => ship(orderId, "first", 1));
    expect(won(first)).toBe(5);
    expect(await orderNow(orderId)).toMatchObject({ status: "paid", version: 3 });
    // One unit is left, and six parcels want it.
    expect(won(await racing(6, (at) => ship(orderId, `more-${at}`)))).toBe(1);
    expect((await orderNow(orderId)).status).toBe("fulfilled");
    expect(await ship(orderId, "again")).toMatchObject({ error: { code: "nothing_left" } });
    expect(await ship(newOrderId(), "x")).toMatchObject({ error: { code: "order_unknown" } });
  });

  it("47 · and a cancellation at the same moment come to one of the two", async ({ expect }) => {
    for (let round = 0; round < 8; round += 1) {
      const orderId = await paid();
      const [sent, ended] = await Promise.all([ship(orderId, "s"), cancel(orderId)]);
      expect(won([sent, ended])).toBe(1);
      const { status, parcels } = await orderNow(orderId);
      expect([status, parcels.length]).toEqual(sent.ok ? ["fulfilled", 1] : ["cancelled", 0]);
    }
  });
});

describe("requestRefund", () => {
  it("46 · lets parallel refunds have no more than was captured", async ({ expect }) => {
    const orderId = await paid();
    const results = await racing(12, (at) => refund(orderId, `r-${at}`, 1_000));
    expect(won(results)).toBe(2);
    const refused = results.flatMap((result) => (result.ok ? [] : [result.error]));
    expect(refused).toContainEqual({
      code: "refund_exceeds",
      refundable: { amount: 500, currency: "USD" },
    });
    expect((await orderNow(orderId)).refunds).toHaveLength(2);
  });

  it("is one refund however often it is sent", async ({ expect }) => {
    const orderId = await paid();
    expect(won(await racing(8, () => refund(orderId, "same", 2_500)))).toBe(8);
    expect((await orderNow(orderId)).refunds).toMatchObject([
      { status: "pending", amount: { amount: 2_500 } },
    ]);
  });

  it("is refused before payment and after a cancellation", async ({ expect }) => {
    const { orderId } = await placed();
    expect(await refund(orderId, "r", 1)).toMatchObject({ error: { code: "order_conflict" } });
    const gone = await paid();
    await cancel(gone);
    expect(await refund(gone, "r", 1)).toMatchObject({
      error: { code: "order_conflict", status: "cancelled" },
    });
  });
});

describe("a return", () => {
  const receive = (orderId: OrderId, returnId: string, rest = {}) =>
    receiveReturn(ioAt(), {
      orderId,
      returnId,
      actor: STAFF,
      restock: true,
      refund: "goods",
      ...rest,
    });

  it("is received once, with its goods and its money in the same append", async ({ expect }) => {
    const orderId = await paid();
    const returnId = await announced(orderId);
    expect(won(await racing(6, () => receive(orderId, returnId)))).toBe(6);
    const order = await orderNow(orderId);
    expect(order.version).toBe(5);
    expect(order.returns).toMatchObject([
      { status: "received", received: one(), restock: [{ quantity: 1 }], restocked: false },
    ]);
    expect(order.refunds).toMatchObject([{ returnId, amount: { amount: 1_000 } }]);
  });

  it("that comes back in part is paid back in part, and the rest may come later", async ({
    expect,
  }) => {
    const orderId = await paid();
    const returnId = await announced(orderId, 2);
    const some = { lines: one(), restock: false, refund: "goods_and_shipping" };
    expect(await receive(orderId, returnId, some)).toMatchObject({ ok: true });
    expect(await receive(orderId, returnId)).toMatchObject({
      error: { code: "return_closed", status: "received" },
    });
    const order = await orderNow(orderId);
    expect(order.returns).toMatchObject([{ restock: [], restocked: true }]);
    expect(order.refunds).toMatchObject([{ amount: { amount: 1_250 } }]);
    expect(
      await requestReturn(ioAt(), {
        orderId,
        actor: SHOPPER,
        lines: one(),
        reason: "",
        request: "r2",
      }),
    ).toMatchObject({ ok: true });
  });

  it("of what was paid back before is not paid back again", async ({ expect }) => {
    const orderId = await paid();
    const returnId = await announced(orderId);
    await refund(orderId, "goodwill", 2_200);
    await receive(orderId, returnId);
    expect((await orderNow(orderId)).refunds.map(({ amount }) => amount.amount)).toEqual([
      2_200, 300,
    ]);
  });

  it("is either received or refused when both happen at once", async ({ expect }) => {
    for (let round = 0; round < 5; round += 1) {
      const orderId = await paid();
      const returnId = await announced(orderId);
      const refused = { orderId, returnId, actor: STAFF, reason: "worn" };
      const results = await Promise.all([
        receive(orderId, returnId),
        refuseReturn(ioAt(), refused),
      ]);
      expect(won(results)).toBe(1);
    }
  });

  it("is unknown under another order's name", async ({ expect }) => {
    const returnId = await announced(await paid());
    const other = await paid();
    expect(await receive(other, returnId)).toMatchObject({ error: { code: "return_unknown" } });
  });
});

describe("the operations routes", () => {
  const post = (path: string, body: unknown, key = crypto.randomUUID()) =>
    call<Record<string, unknown>>("POST", `/ops/v1/orders/${path}`, {
      body,
      headers: { "Idempotency-Key": key },
    });

  it("ship, repeat their answer, and refuse what is gone", async ({ expect }) => {
    const orderId = await paid();
    const key = crypto.randomUUID();
    const shipped = await post(`${orderId}/shipments`, parcel, key);
    expect(shipped.status).toBe(200);
    expect(shipped.body).toMatchObject({
      status: "fulfilled",
      shipments: [
        {
          id: "shp_1",
          location: null,
          lines: one(2),
          status: "shipped",
          parcels: [{ carrier: "Pigeon Post", tracking: "PP 1", lines: one(2) }],
        },
      ],
    });
    const repeat = await post(`${orderId}/shipments`, parcel, key);
    expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
    expect(repeat.body).toEqual(shipped.body);
    const more = await post(`${orderId}/shipments`, parcel);
    expect([more.status, more.body.code]).toEqual([409, "nothing_left"]);
  });

  it("ship one of several shipments, by its name while more than one is left", async ({
    expect,
  }) => {
    const orderId = await paid(["east", "west"]);
    const unnamed = await post(`${orderId}/shipments`, parcel);
    expect(unnamed).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: "/shipmentId", code: "shipment_unnamed" }] },
    });
    const unknown = await post(`${orderId}/shipments`, { ...parcel, shipmentId: "shp_9" });
    expect(unknown.status).toBe(404);
    const first = await post(`${orderId}/shipments`, { ...parcel, shipmentId: "shp_2" });
    expect(first.body).toMatchObject({
      status: "paid",
      shipments: [{ status: "pending" }, { location: { code: "west" }, status: "shipped" }],
    });
    const again = await post(`${orderId}/shipments`, { ...parcel, shipmentId: "shp_2" });
    expect([again.status, again.body.code]).toEqual([409, "nothing_left"]);
    const last = await post(`${orderId}/shipments`, parcel);
    expect(last.body).toMatchObject({
      status: "fulfilled",
      shipments: [{ parcels: [{ lines: one(1) }] }, { parcels: [{ lines: one(1) }] }],
    });
  });

  it("refund lines, an amount, or the rest", async ({ expect }) => {
    const orderId = await paid();
    const path = `${orderId}/refunds`;
    const reason = "damaged";
    expect((await post(path, { lines: one(), reason })).body).toMatchObject({
      refunds: [{ status: "pending", amount: { amount: 1_000 } }],
    });
    const over = await post(path, { amountMinor: 1_501, reason });
    expect([over.status, over.body.code]).toEqual([409, "refund_exceeds"]);
    const both = await post(path, { amountMinor: 1, lines: one(), reason });
    expect([both.status, both.body.errors]).toMatchObject([422, [{ pointer: "/amountMinor" }]]);
    expect((await post(path, { reason })).status).toBe(200);
    expect((await post(path, { reason })).status).toBe(409);
    expect((await orderNow(orderId)).refunds.map(({ amount }) => amount.amount)).toEqual([
      1_000, 1_500,
    ]);
  });

  it("receive a return, and turn one down", async ({ expect }) => {
    const orderId = await paid();
    const returnId = await announced(orderId);
    const received = await post(`${orderId}/returns/${returnId}/receive`, {});
    expect(received.body).toMatchObject({
      returns: [{ id: returnId, status: "received" }],
      refunds: [{ returnId }],
    });
    const closed = await post(`${orderId}/returns/${returnId}/refuse`, { reason: "worn" });
    expect([closed.status, closed.body.code]).toEqual([409, "return_closed"]);
    expect((await post(`${orderId}/returns/ret_0/refuse`, { reason: "x" })).status).toBe(404);
  });
});
