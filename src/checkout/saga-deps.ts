import { type CartEnv, clearBought, ownerName } from "../cart/index.ts";
import {
  commitAll,
  holdAll,
  type InventoryEnv,
  releaseAll,
  type StockLine,
} from "../inventory/index.ts";
import { type OrderQueues, orderNumber, placeOrder, publishOrderEvents } from "../orders/index.ts";
import {
  type BreakerBinding,
  type BreakerCopies,
  breakerStub,
  type HeardNews,
  openBreakers,
  openProcessors,
  type PaymentTokens,
  type ProcessorName,
  raiseAlert,
} from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { LimiterBinding } from "../platform/limits/index.ts";
import { type PromotionsEnv, redeemAll, restoreAll } from "../promotions/index.ts";
import { assert } from "../shared/assert.ts";
import { err } from "../shared/result.ts";
import { buyerOf } from "./buyer-of.ts";
import { cancelUnstocked } from "./cancel-unstocked.ts";
import type { CheckoutRecord, CheckoutStore } from "./checkout-store.ts";
import type { CompletionTries } from "./completion-tries.ts";
import type { Quote } from "./model.ts";
import type { Attempt } from "./saga/attempt.ts";
import type { SagaDeps } from "./saga/deps.ts";
import { termsHold } from "./terms-hold.ts";

export type CheckoutEnv = CartEnv &
  InventoryEnv &
  PromotionsEnv &
  OrderQueues &
  BreakerBinding &
  LimiterBinding;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** What this isolate last knew of each processor's circuit. */
const breakerCopies: BreakerCopies = new Map();

/** Longer than any processor is waited for before a person looks: a pending payment keeps its stock. */
const HOLD_TTL_MS = 45 * 60 * 1000;

/** The real effects of one checkout's saga. */
export function openSagaDeps(
  env: CheckoutEnv,
  io: Io,
  store: CheckoutStore,
  { tries, tokens }: { tries: CompletionTries; tokens: PaymentTokens | undefined },
): SagaDeps {
  const record = store.record();
  assert(record, "a saga runs on an existing checkout");
  const buyer = buyerOf(record);
  const breakers = openBreakers((name) => breakerStub(env, name), {
    meter: io.meter,
    clock: io.clock,
    copies: breakerCopies,
    timeoutMs: io.config.PAYMENT_TIMEOUT_MS,
    sleep,
  });
  const processors = openProcessors(io, breakers.guard);
  const payableWith = () =>
    processors.order.map(({ name }) => name).filter((name) => tokens?.[name] !== undefined);
  // Leaves now, beside the hold: when it is time to pay, the answer is there and has cost nothing.
  breakers.refresh(payableWith());
  const requestOf = (attempt: Attempt, name: ProcessorName) => {
    const token = tokens?.[name];
    if (token === undefined) return undefined;
    const { key, orderId } = attempt;
    const amount = quoteOf(store, attempt).totals.total;
    return { key, checkoutId: record.checkoutId, orderId, amount, token };
  };
  const named = (name: ProcessorName) => {
    const processor = processors.byName(name);
    assert(processor, `processor ${name} is configured`);
    return processor;
  };
  return {
    settleMs: io.config.PAYMENT_SETTLE_MS,
    nowMs: () => io.clock.nowMs(),
    sleep,
    journal: (attempt, note) => store.journal(attempt, note, io.clock.nowMs()),

    takeTries: (attempt) => tries.take(attempt, io),
    hold: async (attempt) => {
      const quote = quoteOf(store, attempt);
      const { key: holdId, startedAtMs } = attempt;
      const wanted = { holdId, lines: wantedLines(quote), ttlMs: HOLD_TTL_MS };
      const held = await holdAll(env, io.meter, { ...wanted, buyer: await buyer, startedAtMs });
      const isLimit = !held.ok && held.error.shortages.some(({ max }) => max !== undefined);
      if (held.ok || isLimit || quote.mode === "standard") return held;
      return err({ ...held.error, code: "locations_short" });
    },
    release: async (attempt) =>
      releaseAll(env, io.meter, { ...holdOf(store, attempt), buyer: await buyer }),
    termsHold: (attempt) => termsHold(env, io, record, quoteOf(store, attempt)),

    redeem: ({ key, redemptions }) => redeemAll(env, io.meter, key, redemptions),
    restore: ({ key, redemptions }) => restoreAll(env, io.meter, key, redemptions),

    payableWith,
    authorize: (attempt, name) => {
      const request = requestOf(attempt, name);
      assert(request, "only a processor with a token is asked to authorize");
      return named(name).authorize(request);
    },
    find: (attempt, name) => {
      const request = requestOf(attempt, name);
      const sentAtMs = attempt.payment?.sentAtMs;
      return named(name).find(attempt.key, {
        ...(request && { request }),
        ...(sentAtMs !== undefined && { sentAtMs }),
      });
    },
    voidPayment: (attempt) => {
      const { processor, paymentId } = approvedPayment(attempt);
      return named(processor).void({ paymentId, key: `${attempt.key}:void` });
    },
    isExact: (attempt, amount) => {
      const { total } = quoteOf(store, attempt).totals;
      return amount.amount === total.amount && amount.currency === total.currency;
    },

    place: async (attempt) => {
      await placeOrder(io, orderOf(record, quoteOf(store, attempt), attempt));
    },
    commit: async (attempt) => {
      const sale = { ...holdOf(store, attempt), buyer: await buyer };
      const committed = await commitAll(env, io.meter, sale);
      return committed.ok ? [] : committed.error.skus;
    },
    cancelPlaced: (attempt) => cancelUnstocked(io, attempt),
    finish: async (attempt) => {
      const { checkoutId, owner } = record;
      const { lines } = quoteOf(store, attempt);
      const coupons = attempt.redemptions.coupons.map(({ code }) => code);
      const vouchers = attempt.redemptions.vouchers.map(({ voucherId }) => voucherId);
      await Promise.all([
        clearBought(io, env, owner, checkoutId, { lines, coupons, vouchers }),
        publishOrderEvents(io, env, [attempt.orderId]),
      ]);
    },
  };
}

function quoteOf(store: CheckoutStore, attempt: Attempt): Quote {
  const quote = store.quote(attempt.quoteId);
  assert(quote, "an attempt's quote is kept");
  return quote;
}

/** What to hold, from where it was agreed. */
function wantedLines({ mode, lines, shipments }: Quote): StockLine[] {
  if (mode === "standard") return lines;
  return shipments.flatMap(({ location, lines: units }) =>
    units.map(({ lineId, quantity }) => {
      const line = lines.find(({ id }) => id === lineId);
      assert(line && location, "a shipment sends lines of its quote from somewhere");
      return { sku: line.sku, quantity, from: { only: location.code } };
    }),
  );
}

const holdOf = (store: CheckoutStore, attempt: Attempt) => ({
  holdId: attempt.key,
  skus: [...new Set(quoteOf(store, attempt).lines.map(({ sku }) => sku))],
});

/** Who was paid; where nothing was due, nobody was, and the attempt stands for the payment. */
const paidBy = (attempt: Attempt) =>
  attempt.isFree
    ? { processor: "none" as const, paymentId: attempt.key }
    : approvedPayment(attempt);

function approvedPayment({ payment }: Attempt) {
  assert(payment?.state === "approved" && payment.paymentId, "the payment was approved");
  return { processor: payment.processor, paymentId: payment.paymentId };
}

function orderOf(record: CheckoutRecord, quote: Quote, attempt: Attempt) {
  const { email, shippingAddress, billingAddress } = record.contact;
  assert(quote.shippingMethod !== null, "a complete checkout has a shipping method");
  return {
    orderId: attempt.orderId,
    actor: { kind: "shopper" as const, id: record.owner.kind },
    occurredAtMs: attempt.startedAtMs,
    body: {
      number: orderNumber(attempt.orderId),
      checkoutId: record.checkoutId,
      holdId: attempt.key,
      quoteId: quote.id,
      cartOwner: ownerName(record.owner),
      email,
      shippingAddress,
      ...(billingAddress ? { billingAddress } : {}),
      shippingMethod: quote.shippingMethod,
      shipments: quote.shipments,
      lines: quote.lines,
      totals: quote.totals,
      promotions: quote.promotions,
      vouchers: quote.vouchers,
      payment: { ...paidBy(attempt), authorized: quote.totals.total },
    },
  };
}

/** Gives back the money of an attempt that was given up: voids it, or refunds what was even captured. */
export async function freeOrphan(
  io: Io,
  { key, processor: name }: { key: string; processor: ProcessorName },
): Promise<HeardNews> {
  const processor = openProcessors(io).byName(name);
  if (!processor) return "not_yet";
  const found = await processor.find(key);
  switch (found.kind) {
    case "none":
    case "declined":
    case "voided":
      return "settled";
    case "approved": {
      const { paymentId } = found;
      const voided = await processor.void({ paymentId, key: `${key}:orphan` });
      return voided.kind === "voided" ? "settled" : "not_yet";
    }
    case "captured": {
      const { paymentId, amount } = found;
      const detail = `payment ${paymentId} was captured for an attempt without an order`;
      await raiseAlert(io, { kind: "orphan_payment", subject: key, detail });
      const refunded = await processor.refund({ paymentId, amount, key: `${key}:orphan-refund` });
      return refunded.kind === "refunded" ? "settled" : "not_yet";
    }
  }
}
