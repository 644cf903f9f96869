import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import {
  commitAll,
  holdAll,
  receiveStock,
  restock,
  takeBackAll,
} from "../../src/inventory/index.ts";
import { receiveReturn } from "../../src/orders/close-return.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { requestReturn } from "../../src/orders/request-return.ts";
import { readEvents } from "../../src/orders/store.ts";
import { canonicalJson } from "../../src/shared/digest.ts";
import { LineId, type OrderId, type Sku } from "../../src/shared/ids.ts";
import worker from "../../workers/orders/index.ts";
import { newOrderId } from "../orders/placed-order.ts";
import {
  ioAt,
  ledgerOf,
  orderNow,
  outboxOf,
  placedWithPayment,
  recordingQueues,
} from "../orders/world.ts";
import { deliver, lettersFrom, malformedMessages, messageOf } from "./deliver.ts";

const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), {
    orderId,
    actor: { kind: "shopper", id: "guest" },
    reason: "",
    request: "r",
  });
const typesOf = async (orderId: OrderId) =>
  (await readEvents(ioAt().sql, orderId)).map(({ type }) => type);
const onHand = async (sku: Sku) => (await env.SKU_STOCK.getByName(sku).view()).onHand;

describe("the orders Worker, told that an order was placed", () => {
  it("captures the payment once, however often and in whatever company it is told", async ({
    expect,
  }) => {
    const { orderId, body } = await placedWithPayment();
    const message = messageOf(orderId, 1, "order.placed.v1");
    const { queues, sent } = recordingQueues();
    expect(await deliver(worker, "orders", [message, message], queues)).toEqual({
      acked: 2,
      retried: 0,
    });
    await Promise.all(
      Array.from({ length: 5 }, () => deliver(worker, "orders", [message], queues)),
    );
    expect(await orderNow(orderId)).toMatchObject({ status: "paid", version: 2 });
    const captures = (await ledgerOf(body.checkoutId)).filter(({ kind }) => kind === "capture");
    expect(captures).toMatchObject([{ amount: 2500, idempotencyKey: `capture:${orderId}` }]);
    expect(sent.COMMS_QUEUE.map(({ type }) => type)).toEqual(["payment.captured.v1"]);
    expect(sent.REFUNDS_QUEUE).toEqual([]);
    expect((await outboxOf(orderId))[0]?.awaiting).toBe(0);
  });

  it("captures once when copies of the message run at the same time", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    const message = messageOf(orderId, 1, "order.placed.v1");
    const settled = await Promise.all(
      Array.from({ length: 8 }, () => deliver(worker, "orders", [message])),
    );
    // A copy that found the processor busy with the same key comes back; none is lost.
    for (const { acked, retried } of settled) expect(acked + retried).toBe(1);
    await deliver(worker, "orders", [message]);
    expect(await orderNow(orderId)).toMatchObject({ status: "paid", version: 2 });
    const captures = (await ledgerOf(body.checkoutId)).filter(({ kind }) => kind === "capture");
    expect(captures).toHaveLength(1);
  });

  it("captures nothing when the cancellation came first", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await cancel(orderId);
    const message = messageOf(orderId, 1, "order.placed.v1");
    expect(await deliver(worker, "orders", [message])).toEqual({ acked: 1, retried: 0 });
    expect((await ledgerOf(body.checkoutId)).map(({ kind }) => kind)).toEqual(["authorize"]);
    expect(await typesOf(orderId)).toEqual(["order.placed.v1", "order.cancelled.v1"]);
  });

  it("asks to have the message again while the processor is away, and then captures once", async ({
    expect,
  }) => {
    const { orderId, body } = await placedWithPayment();
    const message = messageOf(orderId, 1, "order.placed.v1");
    const away = { STRIPE_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(worker, "orders", [message], away)).toEqual({ acked: 0, retried: 1 });
    expect((await orderNow(orderId)).status).toBe("placed");
    expect((await outboxOf(orderId))[0]?.awaiting).toBe(1);
    expect(await deliver(worker, "orders", [message])).toEqual({ acked: 1, retried: 0 });
    expect((await ledgerOf(body.checkoutId)).map(({ kind }) => kind)).toEqual([
      "authorize",
      "capture",
    ]);
  });

  it("asks again while the database is away, and settles the others of its batch", async ({
    expect,
  }) => {
    const { orderId } = await placedWithPayment();
    const good = messageOf(orderId, 1, "order.placed.v1");
    const lost = messageOf(newOrderId(), 1, "order.placed.v1");
    expect(await deliver(worker, "orders", [lost, good])).toEqual({ acked: 1, retried: 1 });
    expect((await orderNow(orderId)).status).toBe("paid");
    const away = { MYSQL_URL: "http://u:p@127.0.0.1:9" } as object;
    expect(await deliver(worker, "orders", [good], away)).toEqual({ acked: 0, retried: 1 });
  });
});

const STOCK = 10;

/** An order whose lines are held out of ten units each, and committed but for the SKUs named. */
async function sold(quantities: number[], uncommitted = 0) {
  const { orderId, body } = await placedWithPayment({ quantities });
  const { holdId, lines } = body;
  const skus = lines.map(({ sku }) => sku);
  const { meter } = ioAt();
  const opening = skus.map((sku) => ({ sku, quantity: STOCK, backorder: false, movementId: sku }));
  await receiveStock(env, meter, opening);
  await holdAll(env, meter, { holdId, lines, ttlMs: 60_000 });
  await commitAll(env, meter, { holdId, skus: skus.slice(uncommitted) });
  return { orderId, holdId, skus };
}

describe("the orders Worker, told that an order was cancelled", () => {
  it("puts the goods back once", async ({ expect }) => {
    const { orderId, skus } = await sold([2, 3]);
    expect(await Promise.all(skus.map(onHand))).toEqual([STOCK - 2, STOCK - 3]);
    await cancel(orderId);
    const message = messageOf(orderId, 2, "order.cancelled.v1");
    await Promise.all([message, message, message].map((copy) => deliver(worker, "orders", [copy])));
    await deliver(worker, "orders", [message]);
    expect(await Promise.all(skus.map(onHand))).toEqual([STOCK, STOCK]);
    expect(await orderNow(orderId)).toMatchObject({ stockReturned: true, version: 3 });
  });

  it("puts back once what was returned but not written down", async ({ expect }) => {
    const { orderId, holdId, skus } = await sold([2]);
    await cancel(orderId);
    await takeBackAll(env, ioAt().meter, { holdId, skus, reason: "crash" });
    await deliver(worker, "orders", [messageOf(orderId, 2, "order.cancelled.v1")]);
    expect(await onHand(skus[0]!)).toBe(STOCK);
    expect((await orderNow(orderId)).stockReturned).toBe(true);
  });

  it("frees what was not sold yet, and bars the sale that is still on its way", async ({
    expect,
  }) => {
    const { orderId, holdId, skus } = await sold([2, 3], 1);
    await cancel(orderId);
    await deliver(worker, "orders", [messageOf(orderId, 2, "order.cancelled.v1")]);
    const late = await commitAll(env, ioAt().meter, { holdId, skus });
    expect(late).toMatchObject({ ok: false, error: { code: "hold_lost", skus: [skus[0]] } });
    for (const sku of skus) {
      const view = await env.SKU_STOCK.getByName(sku).view();
      expect(view).toMatchObject({ onHand: STOCK, held: 0 });
    }
  });
});

describe("the orders Worker, told that a return was received", () => {
  const STAFF = { kind: "staff", id: "tester" } as const;

  async function returned() {
    const { orderId, skus } = await sold([2, 3]);
    await deliver(worker, "orders", [messageOf(orderId, 1, "order.placed.v1")]);
    const lines = [{ lineId: LineId.parse("lin_2"), quantity: 2 }];
    const asked = { orderId, actor: STAFF, lines, reason: "", request: "r" };
    const requested = await requestReturn(ioAt(), asked);
    if (!requested.ok) throw new Error(requested.error.code);
    const { returnId } = requested.value;
    const receipt = { orderId, returnId, actor: STAFF, restock: true, refund: "none" } as const;
    await receiveReturn(ioAt(), receipt);
    return { orderId, returnId, skus, message: messageOf(orderId, 4, "return.received.v1") };
  }

  it("puts what came back on the shelf once, and writes it down", async ({ expect }) => {
    const { orderId, skus, message } = await returned();
    await Promise.all(Array.from({ length: 4 }, () => deliver(worker, "orders", [message])));
    expect(await deliver(worker, "orders", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await Promise.all(skus.map(onHand))).toEqual([STOCK - 2, STOCK - 1]);
    expect(await orderNow(orderId)).toMatchObject({ version: 5, returns: [{ restocked: true }] });
  });

  it("puts back once what was restocked but not written down", async ({ expect }) => {
    const { orderId, returnId, skus, message } = await returned();
    const lines = [{ sku: skus[1]!, quantity: 2 }];
    const { holdId } = (await orderNow(orderId)).placed;
    const goods = { returnId, holdId, otherReturnIds: [], lines, reason: "crash" };
    await restock(env, ioAt().meter, goods);
    await deliver(worker, "orders", [message]);
    expect(await onHand(skus[1]!)).toBe(STOCK - 1);
    expect((await orderNow(orderId)).returns).toMatchObject([{ restocked: true }]);
  });
});

describe("the orders Worker, sent what it cannot understand", () => {
  it("keeps every such message and goes on", async ({ expect }) => {
    const { orderId } = await placedWithPayment();
    const tag = `parked_${crypto.randomUUID()}`;
    const bad = malformedMessages(tag);
    const bodies = [...bad, messageOf(orderId, 1, "order.placed.v1")];
    expect(await deliver(worker, tag, bodies)).toEqual({ acked: bodies.length, retried: 0 });
    expect((await orderNow(orderId)).status).toBe("paid");
    const letters = await lettersFrom(tag);
    const texts = letters.map(({ body }) => canonicalJson(JSON.parse(body)));
    expect(texts.sort()).toEqual(bad.map((body) => canonicalJson(body)).sort());
    for (const { reason } of letters) expect(reason).not.toBe("");
  });
});
