import { describe, it } from "vitest";
import { cancelOrder } from "../../src/orders/index.ts";
import { requestRefund } from "../../src/orders/request-refund.ts";
import { openProcessors } from "../../src/payments/index.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import ordersWorker from "../../workers/orders/index.ts";
import worker from "../../workers/refunds/index.ts";
import { ioAt, ledgerOf, orderNow, placedWithPayment, recordingQueues } from "../orders/world.ts";
import { deliver, lettersFrom, malformedMessages, messageOf } from "./deliver.ts";

const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), {
    orderId,
    actor: { kind: "shopper", id: "guest" },
    reason: "",
    request: "r",
  });
const refund = (orderId: OrderId, amountMinor: number) =>
  requestRefund(ioAt(), {
    orderId,
    actor: { kind: "staff", id: "tester" },
    wish: { amountMinor },
    reason: "late",
    request: crypto.randomUUID(),
  });
const capture = (orderId: OrderId) =>
  deliver(ordersWorker, "orders", [messageOf(orderId, 1, "order.placed.v1")]);
const kindsOf = async (checkoutId: string) => (await ledgerOf(checkoutId)).map(({ kind }) => kind);

describe("the refunds Worker", () => {
  it("refunds a paid order that was cancelled, all of it and once", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    await cancel(orderId);
    const message = messageOf(orderId, 3, "order.cancelled.v1");
    await Promise.all(Array.from({ length: 6 }, () => deliver(worker, "refunds", [message])));
    expect(await deliver(worker, "refunds", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "capture", "refund"]);
    expect(await orderNow(orderId)).toMatchObject({
      status: "cancelled",
      payment: { status: "refunded", captured: 2500, refunded: 2500 },
      version: 4,
    });
  });

  it("frees the money of an order that was cancelled before its capture", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await cancel(orderId);
    const message = messageOf(orderId, 2, "order.cancelled.v1");
    await deliver(worker, "refunds", [message, message]);
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "void"]);
    expect((await orderNow(orderId)).payment.status).toBe("voided");
    // The capture that lost this race finds nothing to do.
    expect(await capture(orderId)).toEqual({ acked: 1, retried: 0 });
    expect((await orderNow(orderId)).version).toBe(3);
  });

  it("refunds a capture that nobody had written down when the cancellation came", async ({
    expect,
  }) => {
    const { orderId, body } = await placedWithPayment();
    const { paymentId, authorized: amount } = body.payment;
    const [processor] = openProcessors(ioAt()).order;
    // The orders Worker dies between the processor's answer and its record.
    await processor?.capture({ paymentId, amount, key: `capture:${orderId}` });
    await cancel(orderId);
    const { queues, sent } = recordingQueues();
    await deliver(worker, "refunds", [messageOf(orderId, 2, "order.cancelled.v1")], queues);
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "capture", "refund"]);
    expect(await orderNow(orderId)).toMatchObject({
      status: "cancelled",
      payment: { status: "refunded" },
      version: 4,
    });
    // Its message comes back to the orders Worker, and to this one: nothing is left to do.
    await capture(orderId);
    await deliver(worker, "refunds", sent.REFUNDS_QUEUE);
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "capture", "refund"]);
    expect((await orderNow(orderId)).version).toBe(4);
  });

  it("ends with the money back whichever of capture and cancellation is quicker", async ({
    expect,
  }) => {
    for (let round = 0; round < 8; round += 1) {
      const { orderId, body } = await placedWithPayment();
      await Promise.all([capture(orderId), cancel(orderId)]);
      const wake = messageOf(orderId, 2, "order.cancelled.v1");
      await Promise.all([deliver(worker, "refunds", [wake]), capture(orderId)]);
      await deliver(worker, "refunds", [wake]);
      const kinds = await kindsOf(body.checkoutId);
      const back = kinds.includes("capture")
        ? ["authorize", "capture", "refund"]
        : ["authorize", "void"];
      expect(kinds).toEqual(back);
      const { status, payment } = await orderNow(orderId);
      expect(status).toBe("cancelled");
      expect(payment.captured).toBe(payment.refunded);
      expect(payment.status).toBe(back.length === 3 ? "refunded" : "voided");
    }
  });

  it("leaves the money of an order that stands", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    const message = messageOf(orderId, 2, "payment.captured.v1");
    expect(await deliver(worker, "refunds", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "capture"]);
  });

  it("asks for the message again while the processor is away", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    await cancel(orderId);
    const message = messageOf(orderId, 3, "order.cancelled.v1");
    const away = { STRIPE_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(worker, "refunds", [message], away)).toEqual({ acked: 0, retried: 1 });
    expect((await orderNow(orderId)).payment.status).toBe("captured");
    await deliver(worker, "refunds", [message]);
    expect(await kindsOf(body.checkoutId)).toEqual(["authorize", "capture", "refund"]);
  });

  it("pays back each refund that was asked for, once, in whatever company it is told", async ({
    expect,
  }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    await refund(orderId, 1_000);
    await refund(orderId, 300);
    const told = [3, 4].map((sequence) => messageOf(orderId, sequence, "refund.requested.v1"));
    await Promise.all(Array.from({ length: 4 }, () => deliver(worker, "refunds", told)));
    expect(await deliver(worker, "refunds", told)).toEqual({ acked: 2, retried: 0 });
    const refunds = (await ledgerOf(body.checkoutId)).filter(({ kind }) => kind === "refund");
    expect(refunds.map(({ amount }) => amount).sort()).toEqual([1_000, 300]);
    expect(await orderNow(orderId)).toMatchObject({
      status: "paid",
      payment: { refunded: 1_300 },
      refunds: [{ status: "refunded" }, { status: "refunded" }],
      version: 6,
    });
  });

  it("asks for a refund's message again while the processor is away", async ({ expect }) => {
    const { orderId } = await placedWithPayment();
    await capture(orderId);
    await refund(orderId, 2_500);
    const told = [messageOf(orderId, 3, "refund.requested.v1")];
    const away = { STRIPE_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(worker, "refunds", told, away)).toEqual({ acked: 0, retried: 1 });
    expect((await orderNow(orderId)).refunds).toMatchObject([{ status: "pending" }]);
    expect(await deliver(worker, "refunds", told)).toEqual({ acked: 1, retried: 0 });
    expect((await orderNow(orderId)).status).toBe("refunded");
  });

  it("writes down that the processor refused, and leaves the money for another refund", async ({
    expect,
  }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    // Somebody paid it back at the processor itself.
    const { paymentId } = body.payment;
    const [processor] = openProcessors(ioAt()).order;
    await processor?.refund({ paymentId, amount: money(2_000, "USD"), key: `hand:${orderId}` });
    await refund(orderId, 1_000);
    const told = [messageOf(orderId, 3, "refund.requested.v1")];
    expect(await deliver(worker, "refunds", [...told, ...told])).toEqual({ acked: 2, retried: 0 });
    expect(await orderNow(orderId)).toMatchObject({
      payment: { refunded: 0 },
      refunds: [{ status: "failed" }],
      version: 4,
    });
    expect(await refund(orderId, 500)).toMatchObject({ ok: true });
  });

  it("pays a cancelled order back once, beside a refund that was under way", async ({ expect }) => {
    const { orderId, body } = await placedWithPayment();
    await capture(orderId);
    await refund(orderId, 700);
    await cancel(orderId);
    const asked = messageOf(orderId, 3, "refund.requested.v1");
    const ended = messageOf(orderId, 4, "order.cancelled.v1");
    await Promise.all([
      deliver(worker, "refunds", [ended, asked]),
      deliver(worker, "refunds", [asked, ended]),
    ]);
    await deliver(worker, "refunds", [ended, asked]);
    const refunds = (await ledgerOf(body.checkoutId)).filter(({ kind }) => kind === "refund");
    expect(refunds.map(({ amount }) => amount).sort()).toEqual([1_800, 700]);
    expect(await orderNow(orderId)).toMatchObject({
      status: "cancelled",
      payment: { status: "refunded", refunded: 2_500 },
    });
  });

  it("keeps what it cannot understand", async ({ expect }) => {
    const tag = `parked_${crypto.randomUUID()}`;
    const bad = malformedMessages(tag);
    expect(await deliver(worker, tag, bad)).toEqual({ acked: bad.length, retried: 0 });
    expect(await lettersFrom(tag)).toHaveLength(bad.length);
  });
});
