import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { returnAll } from "../../src/inventory/index.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { readEvents } from "../../src/orders/store.ts";
import { canonicalJson } from "../../src/shared/digest.ts";
import type { OrderId, Sku } from "../../src/shared/ids.ts";
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

const cancel = (orderId: OrderId, unsold: Sku[] = []) =>
  cancelOrder(ioAt(), {
    orderId,
    actor: { kind: "shopper", id: "guest" },
    reason: "",
    request: "r",
    unsold,
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

describe("the orders Worker, told that an order was cancelled", () => {
  it("puts the goods back once", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment({ quantities: [2, 3] });
    const [one, two] = body.lines.map(({ sku }) => sku) as [Sku, Sku];
    await cancel(orderId);
    const message = messageOf(orderId, 2, "order.cancelled.v1");
    await Promise.all([message, message, message].map((copy) => deliver(worker, "orders", [copy])));
    await deliver(worker, "orders", [message]);
    expect([await onHand(one), await onHand(two)]).toEqual([2, 3]);
    expect(await orderNow(orderId)).toMatchObject({ stockReturned: true, version: 3 });
  });

  it("puts back once what was returned but not written down", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    const { sku } = body.lines[0]!;
    await cancel(orderId);
    const goods = { returnId: `cancel:${orderId}`, lines: [{ sku, quantity: 2 }], reason: "crash" };
    await returnAll(env, ioAt().meter, goods);
    await deliver(worker, "orders", [messageOf(orderId, 2, "order.cancelled.v1")]);
    expect(await onHand(sku)).toBe(2);
    expect((await orderNow(orderId)).stockReturned).toBe(true);
  });

  it("returns nothing that was never sold", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment({ quantities: [2, 3] });
    const [one, two] = body.lines.map(({ sku }) => sku) as [Sku, Sku];
    await cancel(orderId, [one]);
    await deliver(worker, "orders", [messageOf(orderId, 2, "order.cancelled.v1")]);
    expect([await onHand(one), await onHand(two)]).toEqual([0, 3]);
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
