import type { Redemptions } from "../../../src/promotions/index.ts";
import type { Quote } from "./shop.ts";

/** What an order of this quote uses up. */
export const redemptionsOf = (
  { coupon, voucherId, voucherMinor }: Quote,
  shopper: string,
): Redemptions => ({
  shopper,
  coupons: coupon ? [coupon] : [],
  vouchers: voucherId ? [{ voucherId, mask: "••••AAAA", amountMinor: voucherMinor }] : [],
});
