import type { Io } from "../platform/io/io.ts";
import type { OrderId, VoucherId } from "../shared/ids.ts";
import { getOrder } from "./get-order.ts";

/** Gives codes back that an order used up, once per order however often it is called. */
export type RestoreAll = (
  redemptionId: string,
  codes: { coupons: { code: string }[]; vouchers: { voucherId: VoucherId }[] },
) => Promise<void>;

/**
 * Lets a cancelled order's coupons be used again and gives its gift vouchers their money back. They were
 * used up before the order was placed, under the id of its hold, so nothing can come after this.
 */
export async function restoreCodes(
  io: Io,
  restoreAll: RestoreAll,
  orderId: OrderId,
): Promise<"restored" | "not_needed"> {
  const { status, placed } = await getOrder(io, orderId);
  const { holdId, promotions = [], vouchers = [] } = placed;
  const coupons = promotions.flatMap(({ code }) => (code === null ? [] : [{ code }]));
  if (status !== "cancelled" || coupons.length + vouchers.length === 0) return "not_needed";
  await restoreAll(holdId, { coupons, vouchers: vouchers.map(({ id }) => ({ voucherId: id })) });
  return "restored";
}
