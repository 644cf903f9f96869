import type { QuoteId, Sku, VoucherId } from "../../../src/shared/ids.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Codes, Coupon } from "./codes.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export const CURRENCY = "USD";
const SHIPPING_MINOR = 499;
/** A tenth, rounded down, so that no discount is ever a fraction of a cent. */
const DISCOUNT_PARTS = 10;

export type QuoteLine = { sku: Sku; quantity: number; unitMinor: number };
export type Quote = {
  id: QuoteId;
  expiresAtMs: number;
  lines: readonly QuoteLine[];
  coupon: Coupon | undefined;
  voucherId: VoucherId | undefined;
  discountMinor: number;
  shippingMinor: number;
  voucherMinor: number;
  subtotalMinor: number;
  totalMinor: number;
};
type Wish = { coupon: Coupon | undefined; voucherId: VoucherId | undefined };

type ShopParts = {
  timeline: Timeline;
  random: Random;
  evidence: Evidence;
  codes: Codes;
  bug: Bug | undefined;
};

/** Prices that change, quotes of them, and carts: a model as simple as what it stands for. */
export class Shop {
  readonly #prices = new Map<Sku, number>();
  readonly #quotes = new Map<string, Quote>();
  readonly #parts: ShopParts;

  constructor(parts: ShopParts) {
    this.#parts = parts;
  }

  /** A price is never the same twice, so a checker can tell by it when it was in force. */
  setPrice(sku: Sku, unitMinor: number): void {
    this.#prices.set(sku, unitMinor);
    this.#parts.evidence.add("prices", sku, this.#parts.timeline.nowMs, unitMinor);
  }

  raisePrice(sku: Sku): void {
    this.setPrice(sku, this.#prices.get(sku)! + this.#parts.random.between(1, 90));
  }

  quote(cart: Cart, { coupon, voucherId }: Wish): Quote {
    const { timeline, random, evidence, codes, bug } = this.#parts;
    const lines = [...cart.lines].map(([sku, quantity]) => ({
      sku,
      quantity,
      unitMinor: this.#prices.get(sku)!,
    }));
    const subtotalMinor = lines.reduce((sum, line) => sum + line.quantity * line.unitMinor, 0);
    const discountMinor = coupon ? Math.floor(subtotalMinor / DISCOUNT_PARTS) : 0;
    const due = subtotalMinor - discountMinor + SHIPPING_MINOR;
    const voucherMinor = voucherId ? Math.min(due, codes.balanceOf(voucherId)) : 0;
    const exact = due - voucherMinor;
    const id = `quo_${this.#quotes.size + 1}` as QuoteId;
    const quote: Quote = {
      id,
      expiresAtMs: timeline.nowMs + random.between(20_000, 120_000),
      lines,
      coupon,
      voucherId: voucherMinor > 0 ? voucherId : undefined,
      discountMinor,
      shippingMinor: SHIPPING_MINOR,
      voucherMinor,
      subtotalMinor,
      totalMinor: bug === "float_total" ? Math.trunc((exact / 100) * 100) : exact,
    };
    this.#quotes.set(id, quote);
    const { expiresAtMs, totalMinor } = quote;
    const codesOf = [coupon?.code ?? null, quote.voucherId ?? null, voucherMinor];
    evidence.add("quotes", id, timeline.nowMs, expiresAtMs, totalMinor, ...codesOf);
    for (const { sku, quantity, unitMinor } of lines) {
      evidence.add("quote_lines", id, sku, quantity, unitMinor);
    }
    return quote;
  }

  quoteOf = (id: string): Quote => this.#quotes.get(id)!;

  termsHold(cart: Cart, { lines }: Quote): boolean {
    const isPriced = lines.every(({ sku, unitMinor }) => this.#prices.get(sku) === unitMinor);
    return (isPriced || this.#parts.bug === "prices_not_checked_again") && cart.isExactly(lines);
  }
}

/** What a shopper wants, and what the shop still shows of it. */
export class Cart {
  readonly lines = new Map<Sku, number>();
  /** The client's own bookkeeping, which the shop's must agree with. */
  readonly expected = new Map<Sku, number>();
  readonly #cleared = new Set<string>();

  add(sku: Sku, quantity: number): void {
    this.lines.set(sku, (this.lines.get(sku) ?? 0) + quantity);
    this.expected.set(sku, (this.expected.get(sku) ?? 0) + quantity);
  }

  isExactly(lines: readonly QuoteLine[]): boolean {
    if (lines.length !== this.lines.size) return false;
    return lines.every(({ sku, quantity }) => this.lines.get(sku) === quantity);
  }

  /** Takes out what was bought, once per checkout: what was added meanwhile stays. */
  clearBought(checkoutId: string, lines: readonly QuoteLine[]): void {
    if (this.#cleared.has(checkoutId)) return;
    this.#cleared.add(checkoutId);
    take(this.lines, lines);
  }

  clearAll = (): void => this.lines.clear();

  /** The client learns of an order: that much is bought. */
  expectBought = (lines: readonly QuoteLine[]): void => take(this.expected, lines);
}

function take(from: Map<Sku, number>, lines: readonly QuoteLine[]): void {
  for (const { sku, quantity } of lines) {
    const left = (from.get(sku) ?? 0) - quantity;
    if (left > 0) from.set(sku, left);
    else from.delete(sku);
  }
}
