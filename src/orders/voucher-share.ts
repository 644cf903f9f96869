import { money } from "../shared/money.ts";
import type { EventData } from "./model.ts";
import type { OrderState } from "./state.ts";

type Refunded = Pick<OrderState, "placed" | "refunds">;
export type VoucherPart = EventData<"voucher.credited.v1">["vouchers"][number];

/** What each voucher of the sale paid and is neither given back nor asked to be. */
export function vouchersLeft({ placed, refunds }: Refunded): VoucherPart[] {
  const asked = refunds.filter(({ status }) => status !== "failed");
  return (placed.vouchers ?? []).map(({ id, amount }) => {
    const gone = sumOf(asked.flatMap(({ vouchers = [] }) => vouchers).filter((v) => v.id === id));
    return { id, amount: money(amount.amount - gone, amount.currency) };
  });
}

/** What of each voucher went back with refunds. */
export const voucherReturned = ({ refunds }: Pick<OrderState, "refunds">, id: string): number =>
  sumOf(
    refunds
      .filter(({ credited }) => credited)
      .flatMap(({ vouchers = [] }) => vouchers)
      .filter((voucher) => voucher.id === id),
  );

export const sumOf = (parts: readonly { amount: { amount: number } }[]): number =>
  parts.reduce((sum, { amount }) => sum + amount.amount, 0);

/** Gives an amount back to the vouchers in their order, to each at most what it still has to get. */
export function toVouchers(state: Refunded, amountMinor: number): VoucherPart[] {
  let rest = amountMinor;
  return vouchersLeft(state).flatMap(({ id, amount }) => {
    const part = Math.min(rest, amount.amount);
    rest -= part;
    return part > 0 ? [{ id, amount: money(part, amount.currency) }] : [];
  });
}
