import type { VoucherId } from "../shared/ids.ts";
import { type Minor, minor } from "../shared/money.ts";
import type { CodeRefusal, CodeRefusalReason, VoucherState } from "./model.ts";

export type VoucherUse = { voucherId: VoucherId; mask: string; amountMinor: Minor };

type Due = { dueMinor: number; currency: string; nowMs: number };

/**
 * Pays what is due from vouchers, as far as they go. What ends first is spent first, ties by id: so
 * the order in which they were typed is irrelevant.
 */
export function applyVouchers(
  vouchers: readonly { voucherId: VoucherId; state: VoucherState | null }[],
  { dueMinor, currency, nowMs }: Due,
): { uses: VoucherUse[]; refused: CodeRefusal[]; dueMinor: Minor } {
  const uses: VoucherUse[] = [];
  const refused: CodeRefusal[] = [];
  let left = dueMinor;
  for (const { voucherId, state } of [...vouchers].sort(inOrder)) {
    const reason = voucherRefusal(state, currency, nowMs);
    if (reason) refused.push({ code: state?.mask ?? voucherId, reason });
    if (reason || !state || left === 0) continue;
    const amountMinor = minor(Math.min(state.balanceMinor, left));
    left -= amountMinor;
    uses.push({ voucherId, mask: state.mask, amountMinor });
  }
  return { uses, refused, dueMinor: minor(left) };
}

export function voucherRefusal(
  state: VoucherState | null | undefined,
  currency: string,
  nowMs: number,
): CodeRefusalReason | undefined {
  if (!state) return "unknown";
  if (state.expiresAtMs !== null && nowMs >= state.expiresAtMs) return "expired";
  if (state.currency !== currency) return "not_applicable";
  return state.balanceMinor === 0 ? "limit_reached" : undefined;
}

type Known = { voucherId: VoucherId; state: VoucherState | null };

const endOf = ({ state }: Known) => state?.expiresAtMs ?? Number.POSITIVE_INFINITY;

function inOrder(a: Known, b: Known): number {
  const [first, second] = [endOf(a), endOf(b)];
  if (first !== second) return first < second ? -1 : 1;
  return a.voucherId < b.voucherId ? -1 : 1;
}
