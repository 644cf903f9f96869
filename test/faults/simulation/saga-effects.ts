import type { Attempt } from "../../../src/checkout/saga/attempt.ts";
import type { SagaDeps } from "../../../src/checkout/saga/deps.ts";
import type { EventData } from "../../../src/orders/model.ts";
import type { ProcessorName } from "../../../src/payments/index.ts";
import { money } from "../../../src/shared/money.ts";
import type { CheckoutHost } from "./checkout-host.ts";
import type { Caller } from "./faults.ts";
import { SETTLE_MS } from "./payment-desk.ts";
import { CURRENCY, type Quote } from "./shop.ts";
import type { World } from "./world.ts";

/** A run of one checkout's saga: who makes its calls, and the tokens of the shopper who waits. */
type Run = { host: CheckoutHost; caller: Caller; tokens: readonly ProcessorName[] };

/** The effects of the saga over the simulated network, to the product's stock and codes and to models. */
export function simulatedDeps(world: World, { host, caller, tokens }: Run): SagaDeps {
  const { bug, wire, timeline, shop, codes, desk, log, queue } = world;
  const stock = world.stock.for(caller);
  const quoteOf = ({ quoteId }: Attempt) => shop.quoteOf(quoteId);
  const endOf = (attempt: Attempt) => ({
    holdId: attempt.key,
    skus: quoteOf(attempt).lines.map(({ sku }) => sku),
    buyer: host.shopper,
  });
  const totalOf = (attempt: Attempt) => money(quoteOf(attempt).totalMinor, CURRENCY);
  return {
    settleMs: bug === "settle_window_of_nothing" ? 0 : SETTLE_MS,
    nowMs: () => timeline.nowMs + world.skewMs(),
    sleep: (ms) => timeline.sleep(ms),
    journal: (attempt, note) => {
      if (!caller.isAlive()) return;
      if (bug === "journal_after_effect" && note.startsWith("authorizing at")) return;
      host.save(attempt);
      if (wire.strikes("F3 crash after journal", 0.006)) caller.crash();
    },
    takeTries: (attempt) => host.takeTries(attempt, caller),
    hold: (attempt) => {
      const { lines } = quoteOf(attempt);
      const { key: holdId, startedAtMs } = attempt;
      return stock.hold({
        holdId,
        lines,
        ttlMs: world.holdTtlMs,
        buyer: host.shopper,
        startedAtMs,
      });
    },
    release: (attempt) => {
      const isOverLimit = attempt.refusal?.code === "rate_limited";
      if (isOverLimit && bug === "refused_try_keeps_hold") return Promise.resolve();
      return stock.release(endOf(attempt));
    },
    termsHold: (attempt) =>
      wire.call(caller, "terms", () => shop.termsHold(host.cart, quoteOf(attempt))),
    redeem: ({ key, redemptions }) => codes.redeem(caller, key, redemptions),
    restore: ({ key, redemptions }) => codes.restore(caller, key, redemptions),
    payableWith: () => tokens,
    authorize: (attempt, processor) =>
      desk.authorize(caller, processor, {
        key: attempt.key,
        checkoutId: host.checkoutId,
        amount: totalOf(attempt),
        isDeclined: host.isCardBad,
      }),
    find: (attempt, processor) => desk.find(caller, processor, attempt.key),
    voidPayment: ({ key, payment }) =>
      desk.void(caller, payment!.processor, payment!.paymentId!, `${key}:void`),
    isExact: (attempt, amount) =>
      bug === "wrong_amount_accepted" || amount.amount === totalOf(attempt).amount,
    place: (attempt) =>
      wire.call(caller, "place", () => {
        if (bug === "answer_before_order") return;
        log.place(attempt.orderId, placedData(host, attempt, quoteOf(attempt)));
      }),
    commit: (attempt) => stock.commit(endOf(attempt)),
    cancelPlaced: ({ orderId, key }) =>
      wire.call(caller, "cancel", () => {
        if (bug === "lost_stock_kept_quiet") return;
        const data = { reason: "stock_lost", request: key };
        log.append(orderId, { type: "order.cancelled.v1", data });
      }),
    finish: async (attempt) => {
      const clear = wire.call(caller, "clear_cart", () => {
        if (bug === "whole_cart_cleared") host.cart.clearAll();
        else host.cart.clearBought(host.checkoutId, quoteOf(attempt).lines);
      });
      await Promise.all([clear, queue.publish(attempt.orderId, caller)]);
    },
  };
}

function placedData(host: CheckoutHost, attempt: Attempt, quote: Quote) {
  const usd = (minor: number) => money(minor, CURRENCY);
  const { payment } = attempt;
  const paid = attempt.isFree
    ? { processor: "none", paymentId: attempt.key }
    : { processor: payment!.processor, paymentId: payment!.paymentId! };
  const data = {
    number: attempt.orderId,
    checkoutId: host.checkoutId,
    holdId: attempt.key,
    quoteId: quote.id,
    cartOwner: host.shopper,
    email: `${host.shopper}@example.com`,
    shippingAddress: { name: "A", line1: "1", city: "C", postalCode: "1", country: "US" },
    shippingMethod: "standard",
    lines: quote.lines.map(({ sku, quantity, unitMinor }) => ({
      id: `line_${sku}`,
      sku,
      variantId: `var_${sku}`,
      productHandle: sku,
      title: sku,
      quantity,
      unitPrice: usd(unitMinor),
      total: usd(unitMinor * quantity),
    })),
    totals: {
      subtotal: usd(quote.subtotalMinor),
      discount: usd(quote.discountMinor),
      shipping: usd(quote.shippingMinor),
      tax: usd(0),
      voucher: usd(quote.voucherMinor),
      total: usd(quote.totalMinor),
    },
    promotions: quote.coupon ? [{ code: quote.coupon.code }] : [],
    vouchers: quote.voucherId ? [{ id: quote.voucherId, amount: usd(quote.voucherMinor) }] : [],
    payment: { ...paid, authorized: usd(quote.totalMinor) },
  };
  return data as unknown as EventData<"order.placed.v1">;
}
