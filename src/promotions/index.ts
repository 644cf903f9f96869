// Without the objects and the routes, which only run in Workers: rules that import this are tested in Node.
export { type Applied, type AppliedPromotion, applyPromotions } from "./apply-promotions.ts";
export { applyVouchers, type VoucherUse, voucherRefusal } from "./apply-vouchers.ts";
export { accountKey, guestKey, maskOf, voucherIdOf } from "./codes.ts";
export { gatherOffers, joinOffers, NO_OFFERS, type Offers } from "./gather-offers.ts";
export { CODES_MAX, type CodeRefusal, CodeRefusalReason, CouponCode } from "./model.ts";
export {
  creditAll,
  type Redemptions,
  redeemAll,
  redeemsNothing,
  redemptionsFor,
  restoreAll,
} from "./redeem.ts";
export type { PromotionsEnv, VoucherEnv } from "./stub.ts";
