import { CouponObject, type CouponRedemption } from "../../../src/promotions/coupon-object.ts";
import {
  type Credit,
  creditAll,
  type Redemptions,
  redeemAll,
  restoreAll,
} from "../../../src/promotions/redeem.ts";
import type { PromotionsEnv } from "../../../src/promotions/stub.ts";
import {
  type VoucherCredit,
  VoucherObject,
  type VoucherRedemption,
} from "../../../src/promotions/voucher-object.ts";
import type { VoucherId } from "../../../src/shared/ids.ts";
import { ok } from "../../../src/shared/result.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import { ObjectStorage, objectState, tables } from "./object-storage.ts";
import { METER } from "./stock-room.ts";

export type Coupon = { code: string; usesMax: number; usesPerShopperMax: number };

/** The product's coupon and voucher objects, each over its own SQLite. */
export class Codes {
  readonly #coupons = new Map<string, { object: CouponObject; storage: ObjectStorage }>();
  readonly #vouchers = new Map<string, { object: VoucherObject; storage: ObjectStorage }>();
  readonly #wire: Wire;
  readonly #bug: Bug | undefined;

  constructor({ wire, bug }: { wire: Wire; bug: Bug | undefined }) {
    this.#wire = wire;
    this.#bug = bug;
  }

  openCoupon({ code }: Coupon): void {
    const storage = new ObjectStorage();
    const object = new CouponObject(objectState(storage, code), {} as Env);
    this.#coupons.set(code, { object, storage });
  }

  openVoucher(voucherId: VoucherId, initialMinor: number): void {
    const storage = new ObjectStorage();
    const object = new VoucherObject(objectState(storage, voucherId), {} as Env);
    object.issue({ mask: "••••AAAA", currency: "USD", initialMinor, expiresAtMs: null });
    this.#vouchers.set(voucherId, { object, storage });
  }

  balanceOf = (voucherId: VoucherId): number =>
    Number(this.#balance(this.#vouchers.get(voucherId)!.storage));

  async redeem(caller: Caller, redemptionId: string, redemptions: Redemptions) {
    const redeemed = await redeemAll(this.#env(caller), METER, redemptionId, redemptions);
    return this.#bug === "voucher_beyond_balance" ? ok(null) : redeemed;
  }

  /** Gives parts back to vouchers, as refunds do. */
  creditAll(caller: Caller) {
    return async (credit: Credit): Promise<void> => {
      if (this.#bug === "voucher_share_kept") return;
      await creditAll(this.#env(caller), METER, credit);
      if (this.#bug !== "voucher_share_returned_twice") return;
      const refundId = `${credit.refundId}again`;
      const again = credit.vouchers.map((part) => ({ ...part, amountMinor: 1 }));
      await creditAll(this.#env(caller), METER, { ...credit, refundId, vouchers: again });
    };
  }

  restore(
    caller: Caller,
    redemptionId: string,
    redemptions: Parameters<typeof restoreAll>[3],
  ): Promise<void> {
    if (this.#bug === "coupon_never_restored") return Promise.resolve();
    return restoreAll(this.#env(caller), METER, redemptionId, redemptions);
  }

  tell(evidence: Evidence): void {
    for (const [code, { storage }] of this.#coupons) {
      // Made at the first use: a coupon that nobody used has no tables.
      if (!tables(storage).has("ledger")) continue;
      const rows = storage.sql.exec<Record<"sequence" | "kind" | "id" | "shopper", string>>(
        `SELECT sequence, kind, redemption_id AS id, shopper FROM ledger JOIN redemption
         USING (redemption_id) ORDER BY sequence`,
      );
      for (const { sequence, kind, id, shopper } of rows) {
        evidence.add("coupon_ledger", code, sequence, kind, id, shopper);
      }
    }
    for (const [voucherId, { storage }] of this.#vouchers) {
      const rows = storage.sql.exec<Record<"sequence" | "kind" | "amount" | "reference", string>>(
        "SELECT sequence, kind, amount, reference FROM ledger ORDER BY sequence",
      );
      for (const { sequence, kind, amount, reference } of rows) {
        evidence.add("voucher_ledger", voucherId, sequence, kind, amount, reference);
      }
    }
  }

  close(): void {
    for (const { storage } of this.#coupons.values()) storage.close();
    for (const { storage } of this.#vouchers.values()) storage.close();
  }

  #env(caller: Caller): PromotionsEnv {
    const wire = this.#wire;
    const coupon = (code: string) => ({
      redeem: (redemption: CouponRedemption) =>
        wire.call(caller, "redeem", () => {
          if (this.#bug === "coupon_counted_after") return ok(null);
          return this.#coupons.get(code)!.object.redeem(redemption);
        }),
      restore: (id: string) =>
        wire.call(caller, "restore", () => this.#coupons.get(code)!.object.restore(id)),
    });
    const voucher = (id: string) => ({
      redeem: (redemption: VoucherRedemption) =>
        wire.call(caller, "redeem", () => this.#vouchers.get(id)!.object.redeem(redemption)),
      credit: (credit: VoucherCredit) =>
        wire.call(caller, "credit", () => this.#vouchers.get(id)!.object.credit(credit)),
      restore: (redemptionId: string) =>
        wire.call(caller, "restore", () => this.#vouchers.get(id)!.object.restore(redemptionId)),
    });
    return {
      COUPON: { getByName: coupon },
      VOUCHER: { getByName: voucher },
    } as unknown as PromotionsEnv;
  }

  #balance(storage: ObjectStorage) {
    return storage.sql.exec<{ balance: number }>("SELECT balance FROM voucher").one().balance;
  }
}
