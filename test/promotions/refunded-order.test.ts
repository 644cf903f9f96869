import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { checkConsistency } from "../../src/operations/check-consistency.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { requestRefund } from "../../src/orders/request-refund.ts";
import { LineId, OrderId } from "../../src/shared/ids.ts";
import ordersWorker from "../../workers/orders/index.ts";
import worker from "../../workers/refunds/index.ts";
import { ioAt, orderNow, recordingQueues } from "../orders/world.ts";
import { deliver, messageOf } from "../workers/deliver.ts";
import { balanceOf, shopper, voucher } from "./purchase.ts";

/** A captured order of two units at 20.00 and 4.99 for shipping, of which this voucher paid 9.00. */
async function paid(gift: { code: string }) {
  const { enter, validate, pay } = await shopper({ quantity: 2 });
  await enter("vouchers", gift.code);
  const placed = await pay(await validate());
  const orderId = OrderId.parse(placed.body.order.id);
  await deliver(ordersWorker, "orders", [messageOf(orderId, 1, "order.placed.v1")]);
  return orderId;
}

async function refund(orderId: OrderId, quantity?: number) {
  const lineId = LineId.parse((await orderNow(orderId)).placed.lines[0]!.id);
  const actor = { kind: "staff", id: "tester" } as const;
  const wish = quantity === undefined ? {} : { lines: [{ lineId, quantity }] };
  const request = crypto.randomUUID();
  const asked = await requestRefund(ioAt(), { orderId, actor, wish, reason: "late", request });
  if (!asked.ok) throw new Error(asked.error.code);
  return messageOf(orderId, asked.value.version, "refund.requested.v1");
}

const cancel = async (orderId: OrderId) => {
  const actor = { kind: "shopper", id: "guest" } as const;
  await cancelOrder(ioAt(), { orderId, actor, reason: "", request: "r" });
  const { version } = await orderNow(orderId);
  return messageOf(orderId, version, "order.cancelled.v1");
};

describe("a refund of an order that a voucher paid in part", () => {
  it("gives card and voucher their own, once however often and at once it is told", async () => {
    const gift = await voucher(900);
    const orderId = await paid(gift);
    const message = await refund(orderId, 1);
    const { queues, sent } = recordingQueues();
    await Promise.all([1, 2, 3].map(() => deliver(worker, "refunds", [message], queues)));
    await deliver(worker, "refunds", [message]);
    // 20.00 of 44.99 in all: of the voucher's 9.00 that is 4.00.
    expect(await balanceOf(gift.code)).toBe(400);
    const { payment, refunds, status } = await orderNow(orderId);
    expect([status, payment.refunded]).toEqual(["paid", 1_600]);
    expect(refunds).toMatchObject([
      { status: "refunded", vouchers: [{ amount: { amount: 400 } }] },
    ]);
    expect(sent.COMMS_QUEUE.map(({ type }) => type)).toContain("voucher.credited.v1");
    const { ledger } = (await env.VOUCHER.getByName(gift.id).view())!;
    expect(ledger.map(({ kind, amount }) => [kind, amount])).toEqual([
      ["credit", 400],
      ["redeem", 900],
      ["issue", 900],
    ]);

    await deliver(worker, "refunds", [await refund(orderId)]);
    expect(await balanceOf(gift.code)).toBe(900);
    expect(await orderNow(orderId)).toMatchObject({
      status: "refunded",
      payment: { status: "refunded", refunded: 3_599 },
    });
  });

  it("and a cancellation after it give the voucher back what it paid, and no more", async () => {
    const gift = await voucher(900);
    const orderId = await paid(gift);
    const [first, late] = [await refund(orderId, 1), await refund(orderId, 1)];
    await deliver(worker, "refunds", [first]);
    const cancelled = await cancel(orderId);
    await deliver(ordersWorker, "orders", [cancelled, cancelled]);
    expect(await balanceOf(gift.code)).toBe(900);
    // Its part of the money is its own message's work; the voucher has its part already.
    await deliver(worker, "refunds", [late, cancelled]);
    expect(await balanceOf(gift.code)).toBe(900);
    expect(await orderNow(orderId)).toMatchObject({
      status: "cancelled",
      payment: { status: "refunded", captured: 3_599, refunded: 3_599 },
      refunds: [{ status: "refunded" }, { status: "refunded" }],
    });
  });

  it("needs no processor where vouchers paid all of it", async () => {
    const gift = await voucher(9_000);
    const orderId = await paid(gift);
    const away = { STRIPE_URL: "http://127.0.0.1:9" } as object;
    const message = await refund(orderId, 2);
    expect(await deliver(worker, "refunds", [message], away)).toMatchObject({ acked: 1 });
    expect(await balanceOf(gift.code)).toBe(9_000 - 499);
    expect((await orderNow(orderId)).status).toBe("paid");
  });

  it("is held to the voucher's own ledger by the audit", async () => {
    const gift = await voucher(900);
    const orderId = await paid(gift);
    const { holdId } = (await orderNow(orderId)).placed;
    const stub = env.VOUCHER.getByName(gift.id);
    expect(await stub.redemption(holdId)).toEqual({ amount: 900, status: "redeemed", credited: 0 });
    const over = { redemptionId: holdId, creditId: "ref_0", amountMinor: 901 };
    expect(await stub.credit(over)).toMatchObject({ error: { code: "credit_exceeds" } });
    expect(await stub.credit({ ...over, redemptionId: "chk_0:1" })).toMatchObject({
      error: { code: "unknown" },
    });
    const i16 = async () => {
      const later = ioAt(Date.now() + 3_600_000);
      const page = { after: OrderId.parse(orderId.slice(0, -1)), limit: 1 };
      const deps = { env, messagesOf: async () => [] };
      const { findings } = await checkConsistency(later, deps, page);
      return findings.filter(({ invariant }) => invariant === "I16").map(({ detail }) => detail);
    };
    expect(await i16()).toEqual([]);
    await stub.credit({ ...over, amountMinor: 5 });
    expect(await i16()).toEqual([`${gift.id} got 5 back, the order says 0`]);
    await stub.restore(holdId);
    expect(await i16()).toEqual([`${gift.id} has all of its money back`]);
    expect(await balanceOf(gift.code)).toBe(900);
  });
});
