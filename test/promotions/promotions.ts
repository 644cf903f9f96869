import type { PromotionLine } from "../../src/promotions/discount.ts";
import type { Promotion, VoucherState } from "../../src/promotions/model.ts";
import { PromotionId, VoucherId } from "../../src/shared/ids.ts";

export const NOW_MS = Date.UTC(2026, 10, 20);
const DAY_MS = 24 * 60 * 60 * 1000;

/** A running coupon of 10 % named `TEN`, unless told otherwise. */
export const coupon = (more: Partial<Omit<Promotion, "id">> & { id?: string } = {}): Promotion => {
  const { id = "prm_1", ...rest } = more;
  return {
    code: "TEN",
    title: "Ten percent",
    effect: { kind: "percentage", basisPoints: 1_000 },
    target: { kind: "all" },
    minimumSubtotalMinor: 0,
    stacking: "combinable",
    startsAtMs: NOW_MS - DAY_MS,
    endsAtMs: NOW_MS + DAY_MS,
    usesMax: null,
    usesPerShopperMax: null,
    active: true,
    ...rest,
    id: PromotionId.parse(id),
  };
};

export const lineOf = (
  unitMinor: number,
  quantity = 1,
  more: Partial<PromotionLine> = {},
): PromotionLine => ({ productId: "prd_1", categoryIds: [], unitMinor, quantity, ...more });

export const voucher = (id: string, more: Partial<VoucherState> = {}): VoucherState => ({
  voucherId: VoucherId.parse(id),
  mask: "••••AAAA",
  currency: "USD",
  initialMinor: 5_000,
  balanceMinor: 5_000,
  expiresAtMs: null,
  ...more,
});
