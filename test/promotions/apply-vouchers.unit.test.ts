import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyVouchers } from "../../src/promotions/apply-vouchers.ts";
import { guestKey, maskOf, normalVoucherCode, voucherIdOf } from "../../src/promotions/codes.ts";
import type { VoucherState } from "../../src/promotions/model.ts";
import { VoucherId } from "../../src/shared/ids.ts";
import { NOW_MS, voucher } from "./promotions.ts";

const due = { dueMinor: 7_000, currency: "USD", nowMs: NOW_MS };
const named = (...states: VoucherState[]) =>
  states.map((state) => ({ voucherId: state.voucherId, state }));

describe("applyVouchers", () => {
  it("spends first what ends first, and leaves what is not needed", () => {
    const later = voucher("vou_a", { expiresAtMs: NOW_MS + 2 });
    const sooner = voucher("vou_b", { expiresAtMs: NOW_MS + 1 });
    const { uses, dueMinor } = applyVouchers(named(later, sooner), due);
    expect(uses.map(({ voucherId, amountMinor }) => [voucherId, amountMinor])).toEqual([
      ["vou_b", 5_000],
      ["vou_a", 2_000],
    ]);
    expect(dueMinor).toBe(0);
  });

  it("says why one pays nothing", () => {
    const unknown = { voucherId: VoucherId.parse("vou_x"), state: null };
    const states = [
      voucher("vou_1", { mask: "gone", expiresAtMs: NOW_MS }),
      voucher("vou_2", { mask: "other", currency: "EUR" }),
      voucher("vou_3", { mask: "empty", balanceMinor: 0 }),
    ];
    const { uses, refused, dueMinor } = applyVouchers([...named(...states), unknown], due);
    expect([uses, dueMinor]).toEqual([[], 7_000]);
    expect(Object.fromEntries(refused.map(({ code, reason }) => [code, reason]))).toEqual({
      gone: "expired",
      other: "not_applicable",
      empty: "limit_reached",
      vou_x: "unknown",
    });
  });

  it("pays exactly what is due or all that there is, in whatever order", () => {
    const balances = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 5 });
    fc.assert(
      fc.property(balances, fc.integer({ min: 0, max: 30_000 }), (all, dueMinor) => {
        const known = named(
          ...all.map((balanceMinor, at) => voucher(`vou_${at}`, { balanceMinor })),
        );
        const paid = applyVouchers(known, { ...due, dueMinor });
        const sum = paid.uses.reduce((total, { amountMinor }) => total + amountMinor, 0);
        expect(sum + paid.dueMinor).toBe(dueMinor);
        expect(sum).toBe(
          Math.min(
            dueMinor,
            all.reduce((total, each) => total + each, 0),
          ),
        );
        expect(paid.uses.every(({ amountMinor }) => amountMinor > 0)).toBe(true);
        expect(applyVouchers(known.toReversed(), { ...due, dueMinor }).uses).toEqual(paid.uses);
      }),
    );
  });
});

describe("codes", () => {
  it("are the same however they are typed", async () => {
    expect(normalVoucherCode(" abcd-o1il 2345 ")).toBe("ABCD01112345");
    expect(await voucherIdOf("abcd-efgh")).toBe(await voucherIdOf("ABCDEFGH "));
    expect(await voucherIdOf("abcd-efgh")).not.toBe(await voucherIdOf("abcd-efgj"));
    expect(maskOf("ABCD-EFGH")).toBe("••••EFGH");
  });

  it("count a mailbox once, whatever tag it is written with", async () => {
    const key = await guestKey("Ada@Example.com");
    expect(await guestKey(" ada+sale@example.com")).toBe(key);
    expect(await guestKey("bob@example.com")).not.toBe(key);
    expect(key).not.toContain("example");
  });
});
