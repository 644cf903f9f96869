import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { cancelOrder } from "../../src/orders/index.ts";
import { refundCancelled } from "../../src/orders/refund-cancelled.ts";
import { restoreCodes } from "../../src/orders/restore-codes.ts";
import { openProcessors } from "../../src/payments/index.ts";
import { restoreAll } from "../../src/promotions/index.ts";
import { OrderId, VoucherId } from "../../src/shared/ids.ts";
import worker from "../../workers/orders/index.ts";
import { ioAt, orderNow, recordingQueues } from "../orders/world.ts";
import { deliver, messageOf } from "../workers/deliver.ts";
import { balanceOf, coupon, shopper, voucher } from "./purchase.ts";

/** An order of one unit at 20.00 with a one-use coupon and this gift voucher. */
async function ordered(gift: { code: string }) {
  const code = await coupon({ usesMax: 1 });
  const { enter, validate, pay } = await shopper();
  await enter("coupons", code);
  await enter("vouchers", gift.code);
  const placed = await pay(await validate());
  expect(placed.status).toBe(201);
  const orderId = OrderId.parse(placed.body.order.id);
  const usesOf = async () => (await env.COUPON.getByName(code).usage(undefined)).uses;
  const cancel = () => {
    const actor = { kind: "shopper", id: "guest" } as const;
    return cancelOrder(ioAt(), { orderId, actor, reason: "", request: "r" });
  };
  return { orderId, usesOf, cancel };
}

describe("an order with codes that is cancelled", () => {
  it("gives voucher and coupon back once, however often and at once it is told", async () => {
    const gift = await voucher(500);
    const { orderId, usesOf, cancel } = await ordered(gift);
    expect([await balanceOf(gift.code), await usesOf()]).toEqual([0, 1]);
    await cancel();
    const { version } = await orderNow(orderId);
    const message = messageOf(orderId, version, "order.cancelled.v1");
    await Promise.all([1, 2, 3].map(() => deliver(worker, "orders", [message])));
    await deliver(worker, "orders", [message]);
    expect([await balanceOf(gift.code), await usesOf()]).toEqual([500, 0]);
    const { ledger } = (await env.VOUCHER.getByName(gift.id).view())!;
    expect(ledger.map(({ kind }: { kind: string }) => kind)).toEqual([
      "restore",
      "redeem",
      "issue",
    ]);
  });

  it("keeps them used up as long as it stands", async () => {
    const gift = await voucher(500);
    const { orderId, usesOf } = await ordered(gift);
    const restore = (id: string, codes: Parameters<typeof restoreAll>[3]) =>
      restoreAll(env, ioAt().meter, id, codes);
    expect(await restoreCodes(ioAt(), restore, orderId)).toBe("not_needed");
    expect([await balanceOf(gift.code), await usesOf()]).toEqual([0, 1]);
  });
});

describe("an order that a voucher paid whole", () => {
  it("is paid without a processor, and back on its voucher when it is cancelled", async () => {
    const gift = await voucher(9_000);
    const { orderId, cancel } = await ordered(gift);
    const { queues, sent } = recordingQueues();
    const away = { ...queues, STRIPE_URL: "http://127.0.0.1:9" } as object;
    const placed = messageOf(orderId, 1, "order.placed.v1");
    expect(await deliver(worker, "orders", [placed, placed], away)).toMatchObject({ acked: 2 });
    expect(await orderNow(orderId)).toMatchObject({
      status: "paid",
      placed: { payment: { processor: "none", authorized: { amount: 0 } } },
    });
    expect(sent.COMMS_QUEUE.map(({ type }) => type)).toEqual(["payment.captured.v1"]);

    await cancel();
    const io = ioAt();
    const deps = { processors: openProcessors(io), queues };
    expect(await refundCancelled(io, deps, orderId)).toBe("not_needed");
    const { version } = await orderNow(orderId);
    await deliver(worker, "orders", [messageOf(orderId, version, "order.cancelled.v1")]);
    expect(await balanceOf(gift.code)).toBe(9_000);
    expect(await env.VOUCHER.getByName(VoucherId.parse(gift.id)).state()).toMatchObject({
      balanceMinor: 9_000,
    });
  });
});
