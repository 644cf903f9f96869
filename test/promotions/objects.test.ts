import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { newId, VoucherId } from "../../src/shared/ids.ts";

const ownCode = () => `C-${crypto.randomUUID().toUpperCase()}`;
const couponOf = (code = ownCode()) => env.COUPON.getByName(code);
const use = (
  redemptionId: string,
  more: { shopper?: string; max?: number; each?: number } = {},
) => {
  const { shopper = `mail:${redemptionId}`, max = null, each = null } = more;
  return { redemptionId, shopper, usesMax: max, usesPerShopperMax: each };
};

async function voucherOf(initialMinor: number, expiresAtMs: number | null = null) {
  const voucher = env.VOUCHER.getByName(newId(VoucherId, "vou"));
  await voucher.issue({ mask: "••••AAAA", currency: "USD", initialMinor, expiresAtMs });
  return voucher;
}

describe("CouponObject", () => {
  it("41 · gives a one-use coupon to exactly one of 50 racing checkouts", async () => {
    const coupon = couponOf();
    const raced = await Promise.all(
      Array.from({ length: 50 }, (_, n) => coupon.redeem(use(`chk_${n}:1`, { max: 1 }))),
    );
    expect(raced.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await coupon.usage(undefined)).toEqual({ uses: 1, usesByShopper: 0 });
  });

  it("gives each shopper their share and no more", async () => {
    const coupon = couponOf();
    const ada = (n: number) => coupon.redeem(use(`chk_${n}:1`, { shopper: "mail:ada", each: 2 }));
    const raced = await Promise.all(Array.from({ length: 10 }, (_, n) => ada(n)));
    expect(raced.filter(({ ok }) => ok)).toHaveLength(2);
    expect((await coupon.redeem(use("chk_b:1", { shopper: "mail:bob", each: 2 }))).ok).toBe(true);
    expect(await coupon.usage("mail:ada")).toEqual({ uses: 3, usesByShopper: 2 });
  });

  it("takes one use for a repeated redemption, through an eviction", async () => {
    const code = ownCode();
    await couponOf(code).redeem(use("chk_1:1", { max: 1 }));
    await evictDurableObject(couponOf(code));
    expect((await couponOf(code).redeem(use("chk_1:1", { max: 1 }))).ok).toBe(true);
    expect((await couponOf(code).usage(undefined)).uses).toBe(1);
  });

  it("gives a use back once, and never to the same redemption", async () => {
    const coupon = couponOf();
    await coupon.redeem(use("chk_1:1", { max: 1 }));
    await Promise.all([coupon.restore("chk_1:1"), coupon.restore("chk_1:1")]);
    expect((await coupon.usage("mail:chk_1:1")).uses).toBe(0);
    const late = await coupon.redeem(use("chk_1:1", { max: 1 }));
    expect(late).toEqual({ ok: false, error: { code: "redemption_ended" } });
    expect((await coupon.redeem(use("chk_2:1", { max: 1 }))).ok).toBe(true);
  });

  it("bars a redemption that was given back before it arrived", async () => {
    const coupon = couponOf();
    await coupon.restore("chk_1:1");
    expect((await coupon.redeem(use("chk_1:1"))).ok).toBe(false);
    expect((await coupon.usage(undefined)).uses).toBe(0);
  });

  it("refuses one use too many in its own tables, and never changes its ledger", async () => {
    const coupon = couponOf();
    await coupon.redeem(use("chk_1:1", { max: 1 }));
    await runInDurableObject(coupon, (_object, { storage: { sql } }) => {
      expect(() => sql.exec("UPDATE coupon SET uses = 2")).toThrow(/CHECK/);
      expect(() => sql.exec("UPDATE coupon SET uses = -1")).toThrow(/CHECK/);
      expect(() => sql.exec("DELETE FROM ledger")).toThrow(/append-only/);
    });
  });

  it("stores nothing for a code that is only asked about", async () => {
    const coupon = couponOf();
    expect(await coupon.usage("mail:x")).toEqual({ uses: 0, usesByShopper: 0 });
    await runInDurableObject(coupon, (_object, { storage: { sql } }) => {
      expect(sql.exec("SELECT name FROM sqlite_master WHERE name = 'coupon'").toArray()).toEqual(
        [],
      );
    });
  });
});

describe("VoucherObject", () => {
  it("42 · is spent once by 50 racing checkouts", async () => {
    const voucher = await voucherOf(5_000);
    const raced = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        voucher.redeem({ redemptionId: `chk_${n}:1`, amountMinor: 3_000 }),
      ),
    );
    expect(raced.filter(({ ok }) => ok)).toHaveLength(1);
    expect((await voucher.state())?.balanceMinor).toBe(2_000);
  });

  it("keeps a ledger that ends at its balance", async () => {
    const voucher = await voucherOf(5_000);
    await voucher.redeem({ redemptionId: "chk_1:1", amountMinor: 3_000 });
    await voucher.redeem({ redemptionId: "chk_1:1", amountMinor: 3_000 });
    await voucher.redeem({ redemptionId: "chk_2:1", amountMinor: 2_000 });
    await voucher.restore("chk_1:1");
    await voucher.restore("chk_1:1");
    const { ledger, balanceMinor } = (await voucher.view())!;
    expect(balanceMinor).toBe(3_000);
    expect(ledger.map(({ kind, amount, balance }) => [kind, amount, balance])).toEqual([
      ["restore", 3_000, 3_000],
      ["redeem", 2_000, 0],
      ["redeem", 3_000, 2_000],
      ["issue", 5_000, 5_000],
    ]);
  });

  it("pays nothing after its end, nor for a redemption that was given back", async () => {
    const over = await voucherOf(5_000, Date.now() - 1);
    const late = await over.redeem({ redemptionId: "chk_1:1", amountMinor: 1 });
    expect(late).toMatchObject({ error: { code: "expired" } });
    const voucher = await voucherOf(5_000);
    await voucher.restore("chk_1:1");
    const barred = await voucher.redeem({ redemptionId: "chk_1:1", amountMinor: 1 });
    expect(barred).toMatchObject({ error: { code: "redemption_ended" } });
    expect((await voucher.state())?.balanceMinor).toBe(5_000);
  });

  it("is issued once, survives an eviction, and refuses a second filling", async () => {
    const voucher = await voucherOf(5_000);
    await evictDurableObject(voucher);
    const issue = { mask: "••••AAAA", currency: "USD", initialMinor: 5_000, expiresAtMs: null };
    expect(await voucher.issue(issue)).toBe("repeated");
    expect(await voucher.issue({ ...issue, initialMinor: 6_000 })).toBe("conflict");
    expect((await voucher.state())?.balanceMinor).toBe(5_000);
  });

  it("refuses a balance below zero or above its issue in its own tables", async () => {
    const voucher = await voucherOf(5_000);
    await runInDurableObject(voucher, (_object, { storage: { sql } }) => {
      expect(() => sql.exec("UPDATE voucher SET balance = -1")).toThrow(/CHECK/);
      expect(() => sql.exec("UPDATE voucher SET balance = 5001")).toThrow(/CHECK/);
    });
  });

  it("is unknown until it is issued, and stores nothing for a made-up code", async () => {
    const voucher = env.VOUCHER.getByName(newId(VoucherId, "vou"));
    expect(await voucher.redeem({ redemptionId: "chk_1:1", amountMinor: 1 })).toMatchObject({
      error: { code: "unknown" },
    });
    await voucher.restore("chk_1:1");
    expect(await voucher.view()).toBeUndefined();
  });
});
