import { DependencyDown, weatherBehind } from "../platform/dependency.ts";
import type { Meter } from "../platform/telemetry/meter.ts";
import { assert } from "../shared/assert.ts";
import type { VoucherId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { CodeRefusal, CouponLimits } from "./model.ts";
import { couponStub, type PromotionsEnv, type VoucherEnv, voucherStub } from "./stub.ts";

/** What one order uses up, as its quote promised it. */
export type Redemptions = {
  /** See `accountKey` and `guestKey`. */
  shopper: string;
  coupons: ({ code: string } & CouponLimits)[];
  vouchers: { voucherId: VoucherId; mask: string; amountMinor: number }[];
};

export const redeemsNothing = ({ coupons, vouchers }: Redemptions): boolean =>
  coupons.length === 0 && vouchers.length === 0;

/**
 * Uses up every coupon and voucher of an order, in parallel. Idempotent by `redemptionId`. When one
 * refuses, the others may be used up: the caller then calls `restoreAll`, also after weather.
 *
 * @throws DependencyDown when an object could not be asked.
 */
export async function redeemAll(
  env: PromotionsEnv,
  meter: Meter,
  redemptionId: string,
  { shopper, coupons, vouchers }: Redemptions,
): Promise<Result<null, { code: "code_refused"; refused: CodeRefusal[] }>> {
  const results = await all([
    ...coupons.map(async ({ code, ...limits }): Promise<CodeRefusal | undefined> => {
      const redeemed = await meter.step("object", async () =>
        couponStub(env, code).redeem({ redemptionId, shopper, ...limits }),
      );
      return redeemed.ok ? undefined : { code, reason: "limit_reached" };
    }),
    ...vouchers.map(async ({ voucherId, mask, amountMinor }): Promise<CodeRefusal | undefined> => {
      const redeemed = await meter.step("object", async () =>
        voucherStub(env, voucherId).redeem({ redemptionId, amountMinor }),
      );
      if (redeemed.ok) return undefined;
      const { code } = redeemed.error;
      const known = code === "expired" || code === "unknown";
      return { code: mask, reason: known ? code : "limit_reached" };
    }),
  ]);
  const refused = results.filter((result) => result !== undefined);
  return refused.length === 0 ? ok(null) : err({ code: "code_refused", refused });
}

/**
 * Gives back whatever a redemption used up, and bars its id. Idempotent, and safe before the
 * redemption arrives.
 *
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function restoreAll(
  env: PromotionsEnv,
  meter: Meter,
  redemptionId: string,
  { coupons, vouchers }: { coupons: { code: string }[]; vouchers: { voucherId: VoucherId }[] },
): Promise<void> {
  await all([
    ...coupons.map(({ code }) =>
      meter.step("object", async () => couponStub(env, code).restore(redemptionId)),
    ),
    ...vouchers.map(({ voucherId }) =>
      meter.step("object", async () => voucherStub(env, voucherId).restore(redemptionId)),
    ),
  ]);
}

/**
 * Gives a part of what an order's vouchers paid back to them. Idempotent by `refundId`.
 *
 * @throws InvariantError when a voucher never paid, or paid less: the order says otherwise.
 * @throws DependencyDown when an object could not be asked; repeat the call.
 */
export async function creditAll(
  env: VoucherEnv,
  meter: Meter,
  { redemptionId, refundId, vouchers }: Credit,
): Promise<void> {
  const results = await all(
    vouchers.map(({ voucherId, amountMinor }) =>
      meter.step("object", async () =>
        voucherStub(env, voucherId).credit({ redemptionId, creditId: refundId, amountMinor }),
      ),
    ),
  );
  for (const result of results) assert(result.ok, "a voucher gets back what it did not pay");
}

/** What each voucher says of one redemption. For who compares it with the order. */
export const redemptionsFor = (
  env: VoucherEnv,
  meter: Meter,
  redemptionId: string,
  voucherIds: readonly VoucherId[],
) =>
  all(
    voucherIds.map(async (voucherId) => {
      const found = await meter.step("object", async () =>
        voucherStub(env, voucherId).redemption(redemptionId),
      );
      const none = { amount: 0, status: "none" as const, credited: 0 };
      return { voucherId, ...(found ?? none) };
    }),
  );

export type Credit = {
  redemptionId: string;
  refundId: string;
  vouchers: readonly { voucherId: VoucherId; amountMinor: number }[];
};

/** Waits for all before it fails, so that nothing of this call is still under way afterwards. */
async function all<T>(calls: Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(calls);
  return results.map((result) => {
    if (result.status === "fulfilled") return result.value;
    const { reason } = result;
    throw weatherBehind(reason) ? new DependencyDown("object", reason) : reason;
  });
}
