import { draftQuote, type QuoteDraft } from "../../../src/checkout/quote.ts";
import type { StockLocation } from "../../../src/inventory/locations/model.ts";
import type { DeliveryMode } from "../../../src/shared/delivery-mode.ts";
import { LineId, ProductId, QuoteId, Sku, VariantId } from "../../../src/shared/ids.ts";
import { minor } from "../../../src/shared/money.ts";
import { delivery, place, stocked } from "./scene.ts";

/** A location with so many units of the one SKU of these quotes. */
export type Placed = Partial<StockLocation> & { code: string; stock: number };

type Wish = {
  mode: DeliveryMode;
  places: readonly Placed[];
  quantity?: number;
  priceMinor?: number;
  grams?: number;
  requiresShipping?: boolean;
  /** The cart's. */
  postalCode?: string;
  /** The address's. */
  address?: string;
};

const sku = Sku.parse("A");

/** A quote for one line, delivered from these places to Portland unless told otherwise. */
export function quoteOf(wish: Wish): QuoteDraft {
  const {
    mode,
    places,
    quantity = 1,
    priceMinor = 100,
    grams = 100,
    requiresShipping = true,
  } = wish;
  const stock = Object.fromEntries(places.map(({ code, stock: units }) => [code, units]));
  const facts = delivery(
    mode,
    places.map(({ stock: _, code, ...more }) => place(code, more)),
    stocked({ A: stock }),
  );
  return draftQuote({
    quoteId: QuoteId.parse("quo_1"),
    expiresAtMs: 0,
    currency: "USD",
    lines: [{ lineId: LineId.parse("lin_1"), sku, quantity }],
    coupons: [],
    vouchers: [],
    offers: { automatic: [], coupons: new Map(), usage: new Map(), vouchers: new Map(), atMs: 0 },
    shopper: "mail:ada",
    contact: {
      shippingAddress: {
        name: "A",
        line1: "1",
        city: "C",
        region: "OR",
        postalCode: wish.address ?? "97201",
        country: "US",
      },
    },
    variants: new Map([
      [
        sku,
        {
          sku,
          variantId: VariantId.parse("var_1"),
          productId: ProductId.parse("prd_1"),
          categoryIds: [],
          productHandle: "thing",
          productTitle: "Thing",
          title: "Thing",
          priceMinor: minor(priceMinor),
          compareAtMinor: null,
          currency: "USD",
          requiresShipping,
          taxable: true,
          grams,
          imageUrl: null,
          backorder: false,
          published: true,
        },
      ],
    ]),
    stock: new Map(),
    delivery: { ...facts, postalCode: wish.postalCode ?? null },
    previous: undefined,
  });
}
