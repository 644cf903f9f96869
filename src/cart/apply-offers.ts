import { applyPromotions, type Offers, voucherRefusal } from "../promotions/index.ts";
import type { LineId } from "../shared/ids.ts";
import { type Minor, money } from "../shared/money.ts";
import type { CartView, SkuFacts, StoredCart, StoredLine } from "./model.ts";

/** A line that can be bought, with what is known of it. */
export type BuyableLine = StoredLine & { variant: NonNullable<SkuFacts["variant"]> };

type ShownOffers = Pick<CartView, "coupons" | "vouchers" | "promotions"> & {
  discountMinor: Minor;
  discountOf(line: StoredLine): Minor | undefined;
};

/** What a cart's codes and the automatic rules do to the lines that can be bought. */
export function applyOffers(
  cart: Pick<StoredCart, "currency" | "coupons" | "vouchers">,
  lines: readonly BuyableLine[],
  offers: Offers,
): ShownOffers {
  const { currency } = cart;
  const { lineDiscounts, discount, applied, refused } = applyPromotions({
    lines: lines.map(({ quantity, variant: { productId, categoryIds, priceMinor } }) => ({
      productId,
      categoryIds,
      unitMinor: priceMinor,
      quantity,
    })),
    automatic: offers.automatic,
    coupons: cart.coupons.map((code) => ({
      code,
      promotion: offers.coupons.get(code) ?? undefined,
      usage: offers.usage.get(code),
    })),
    nowMs: offers.atMs,
  });
  const byLine = new Map<LineId, Minor>(
    lines.map(({ lineId }, at) => [lineId, lineDiscounts[at]!]),
  );
  return {
    discountMinor: discount,
    discountOf: ({ lineId }) => byLine.get(lineId),
    coupons: cart.coupons.map((code) => {
      const use = applied.find((each) => each.code === code);
      const reason = refused.find((each) => each.code === code)?.reason;
      return {
        code,
        title: offers.coupons.get(code)?.title ?? null,
        discount: money(use?.discount ?? 0, currency),
        freeShipping: use?.freeShipping ?? false,
        ...(reason ? { reason } : {}),
      };
    }),
    promotions: applied
      .filter(({ code }) => code === null)
      .map(({ title, discount, freeShipping }) => ({
        title,
        discount: money(discount, currency),
        freeShipping,
      })),
    vouchers: cart.vouchers.map(({ voucherId, mask }) => {
      const state = offers.vouchers.get(voucherId);
      const reason = voucherRefusal(state, currency, offers.atMs);
      return {
        id: voucherId,
        code: mask,
        balance: state ? money(state.balanceMinor, state.currency) : null,
        ...(reason ? { reason } : {}),
      };
    }),
  };
}
