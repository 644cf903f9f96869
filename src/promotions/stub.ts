import type { VoucherId } from "../shared/ids.ts";
import type { CouponObject } from "./coupon-object.ts";
import type { VoucherObject } from "./voucher-object.ts";

export type VoucherEnv = { VOUCHER: DurableObjectNamespace<VoucherObject> };
export type PromotionsEnv = VoucherEnv & { COUPON: DurableObjectNamespace<CouponObject> };

/** A new stub per call: one that has failed once may stay broken. */
export const couponStub = (env: PromotionsEnv, code: string): DurableObjectStub<CouponObject> =>
  env.COUPON.getByName(code);

export const voucherStub = (
  env: VoucherEnv,
  voucherId: VoucherId,
): DurableObjectStub<VoucherObject> => env.VOUCHER.getByName(voucherId);
