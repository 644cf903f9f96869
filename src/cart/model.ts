import { z } from "zod";
import { CodeRefusalReason } from "../promotions/index.ts";
import { assert } from "../shared/assert.ts";
import { DeliveryMode } from "../shared/delivery-mode.ts";
import {
  CartId,
  type CategoryId,
  type CheckoutId,
  LineId,
  type ProductId,
  Sku,
  VariantId,
  VoucherId,
} from "../shared/ids.ts";
import { Money } from "../shared/money.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";

export const LINES_MAX = 100;

/** Whose cart it is. A guest is known by the hash of a token, so that storage never holds one. */
export type CartOwner = { kind: "guest"; tokenHash: string } | { kind: "user"; userId: string };

/** The name of the owner's object. */
export const ownerName = (owner: CartOwner): string =>
  owner.kind === "guest" ? `guest:${owner.tokenHash}` : `user:${owner.userId}`;

/** The owner whose object has this name. A checkout keeps the name and finds the cart by it. */
export function ownerFromName(name: string): CartOwner {
  const [, kind, id] = /^(guest|user):(.+)$/.exec(name) ?? [];
  assert(id !== undefined, "not the name of a cart's owner");
  return kind === "guest" ? { kind, tokenHash: id } : { kind: "user", userId: id };
}

export type StoredLine = { lineId: LineId; sku: Sku; quantity: number };
/** A voucher in a cart: never its code, which is money. */
export type StoredVoucher = { voucherId: VoucherId; mask: string };
/** What others may know of a line. */
export type SnapshotLine = Pick<StoredLine, "sku" | "quantity">;
/** What a cart remembers: never a price. */
export type StoredCart = {
  cartId: CartId;
  version: number;
  currency: string;
  mode: DeliveryMode;
  postalCode: string | null;
  lines: StoredLine[];
  coupons: string[];
  vouchers: StoredVoucher[];
};

/** What one cart can hand over to another. */
export type CartContents = Pick<
  StoredCart,
  "lines" | "coupons" | "vouchers" | "mode" | "postalCode"
>;

/** Everything about which facts are needed to show a cart. */
export type CartHoldings = {
  skus: readonly Sku[];
  coupons: readonly string[];
  vouchers: readonly VoucherId[];
};

export const holdingsOf = ({
  lines,
  coupons,
  vouchers,
}: Pick<StoredCart, "lines" | "coupons" | "vouchers">): CartHoldings => ({
  skus: lines.map(({ sku }) => sku),
  coupons,
  vouchers: vouchers.map(({ voucherId }) => voucherId),
});

/** What is true of a SKU at the moment of a request; `variant` is `null` for a SKU that does not exist. */
export type SkuFacts = {
  sku: Sku;
  variant: {
    variantId: VariantId;
    productId: ProductId;
    categoryIds: readonly CategoryId[];
    productHandle: string;
    title: string;
    priceMinor: number;
    currency: string;
    published: boolean;
  } | null;
  available: number;
  backorder: boolean;
};

export type CartChange =
  | { kind: "add"; sku: Sku; quantity: number }
  /** Quantity 0 removes the line. */
  | { kind: "set"; lineId: string; quantity: number }
  | { kind: "mode"; mode: DeliveryMode; postalCode: string | null }
  | { kind: "add_coupon"; code: string }
  | { kind: "remove_coupon"; code: string }
  | ({ kind: "add_voucher" } & StoredVoucher)
  | { kind: "remove_voucher"; voucherId: VoucherId };

export type CartError =
  | { code: "cart_unknown" }
  | { code: "line_unknown" }
  | { code: "sku_unknown" }
  | { code: "insufficient_stock"; available: number }
  | { code: "line_limit"; max: number }
  | { code: "quantity_limit"; max: number }
  | { code: "code_unknown" }
  | { code: "code_limit"; max: number }
  | { code: "coupon_refused"; coupon: string; reason: CodeRefusalReason }
  | { code: "voucher_refused"; voucher: string; reason: CodeRefusalReason }
  | { code: "total_limit"; max: number };

/** One purchase's part of a cart. */
export type CheckoutCart = {
  cartId: CartId;
  version: number;
  mode: DeliveryMode;
  postalCode: string | null;
  lines: StoredLine[];
  coupons: string[];
  vouchers: StoredVoucher[];
  checkoutId: CheckoutId;
};

const LineProblem = z.object({
  code: z.enum(["unavailable", "insufficient_stock"]),
  available: z.int().optional().describe("How many can be had, for `insufficient_stock`"),
});

export const CartLine = z
  .object({
    id: LineId,
    sku: Sku,
    variantId: VariantId.nullable().describe("`null` once the variant does not exist any more"),
    productHandle: z.string().nullable(),
    title: z.string(),
    quantity: z.int().min(1).max(QUANTITY_MAX),
    unitPrice: Money.nullable(),
    total: Money.describe("Before discounts; zero for a line that cannot be bought"),
    discount: Money.describe("The line's share of all discounts"),
    problems: z.array(LineProblem),
  })
  .meta({ id: "CartLine" });
export type CartLine = z.infer<typeof CartLine>;

const Reason = CodeRefusalReason.optional().describe(
  "Why it does nothing now; absent when it does",
);

const CartCoupon = z.object({
  code: z.string(),
  title: z.string().nullable(),
  discount: Money,
  freeShipping: z.boolean(),
  reason: Reason,
});

const CartVoucher = z.object({
  id: VoucherId,
  code: z.string().describe("Only its last characters"),
  balance: Money.nullable(),
  reason: Reason,
});

const CartPromotion = z.object({ title: z.string(), discount: Money, freeShipping: z.boolean() });

export const CartView = z
  .object({
    id: CartId.nullable().describe("`null` before the first change: nothing is stored yet"),
    token: z.string().optional().describe("Only in the answer that created the cart"),
    version: z.int(),
    currency: z.string(),
    lines: z.array(CartLine),
    coupons: z.array(CartCoupon),
    vouchers: z.array(CartVoucher).describe("They pay at the checkout and change no total here"),
    promotions: z.array(CartPromotion).describe("What applies by itself, without a code"),
    mode: DeliveryMode,
    postalCode: z.string().optional(),
    totals: z.object({
      subtotal: Money,
      discount: Money,
      shipping: Money,
      tax: Money,
      total: Money,
    }),
    problems: z
      .array(LineProblem.extend({ sku: Sku }))
      .describe("The problems of all lines, for showing them in one place"),
  })
  .meta({ id: "Cart" });
export type CartView = z.infer<typeof CartView>;
