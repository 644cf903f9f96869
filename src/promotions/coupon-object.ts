import { DurableObject } from "cloudflare:workers";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { CouponLimits, CouponUsage } from "./model.ts";
import { COUPON_MIGRATIONS } from "./tables.ts";

export type CouponRedemption = CouponLimits & { redemptionId: string; shopper: string };

type Uses = { uses: number };

/**
 * Owns one coupon code's uses: their only writer, so two checkouts cannot both have the last one.
 * Every method is synchronous and may be repeated.
 */
export class CouponObject extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (hasTables(ctx.storage)) migrate(ctx.storage, COUPON_MIGRATIONS);
  }

  /** Stores nothing for a code that nobody has used. */
  usage(shopper: string | undefined): CouponUsage {
    if (!hasTables(this.ctx.storage)) return { uses: 0, usesByShopper: 0 };
    const usesByShopper = shopper === undefined ? 0 : this.#usesBy(shopper);
    return { uses: this.#uses(), usesByShopper };
  }

  /**
   * Takes one use, once per `redemptionId`, under the limits of this moment. `redemption_ended` for
   * an id that was given back: one that is undone never takes a use again.
   */
  redeem(
    redemption: CouponRedemption,
  ): Result<null, { code: "limit_reached" } | { code: "redemption_ended" }> {
    const { redemptionId, shopper, usesMax, usesPerShopperMax } = redemption;
    migrate(this.ctx.storage, COUPON_MIGRATIONS);
    return this.ctx.storage.transactionSync(() => {
      const status = this.#statusOf(redemptionId);
      if (status === "restored") return err({ code: "redemption_ended" });
      if (status === "redeemed") return ok(null);
      const uses = this.#uses();
      const usesBy = this.#usesBy(shopper);
      if (uses >= (usesMax ?? Number.POSITIVE_INFINITY)) return err({ code: "limit_reached" });
      if (usesBy >= (usesPerShopperMax ?? Number.POSITIVE_INFINITY)) {
        return err({ code: "limit_reached" });
      }
      this.#sql.exec("UPDATE coupon SET uses = ?, uses_max = ?", uses + 1, usesMax);
      this.#sql.exec(
        `INSERT INTO shopper VALUES (?, ?, ?) ON CONFLICT (shopper) DO UPDATE
         SET uses = excluded.uses, uses_max = excluded.uses_max`,
        shopper,
        usesBy + 1,
        usesPerShopperMax,
      );
      this.#sql.exec("INSERT INTO redemption VALUES (?, ?, 'redeemed')", redemptionId, shopper);
      this.#enter("redeem", redemptionId);
      return ok(null);
    });
  }

  /** Gives a use back, once; before its redemption arrives it bars the id. */
  restore(redemptionId: string): void {
    migrate(this.ctx.storage, COUPON_MIGRATIONS);
    this.ctx.storage.transactionSync(() => {
      const status = this.#statusOf(redemptionId);
      if (status === "restored") return;
      if (status === undefined) {
        this.#sql.exec("INSERT INTO redemption VALUES (?, NULL, 'restored')", redemptionId);
        return;
      }
      this.#sql.exec("UPDATE coupon SET uses = uses - 1");
      this.#sql.exec(
        `UPDATE shopper SET uses = uses - 1 WHERE shopper =
           (SELECT shopper FROM redemption WHERE redemption_id = ?)`,
        redemptionId,
      );
      const update = "UPDATE redemption SET status = 'restored' WHERE redemption_id = ?";
      this.#sql.exec(update, redemptionId);
      this.#enter("restore", redemptionId);
    });
  }

  #uses(): number {
    return this.#sql.exec<Uses>("SELECT uses FROM coupon").toArray()[0]?.uses ?? 0;
  }

  #usesBy(shopper: string): number {
    const query = "SELECT uses FROM shopper WHERE shopper = ?";
    return this.#sql.exec<Uses>(query, shopper).toArray()[0]?.uses ?? 0;
  }

  #statusOf(redemptionId: string): "redeemed" | "restored" | undefined {
    const query = "SELECT status FROM redemption WHERE redemption_id = ?";
    return this.#sql.exec<{ status: "redeemed" | "restored" }>(query, redemptionId).toArray()[0]
      ?.status;
  }

  #enter(kind: "redeem" | "restore", redemptionId: string): void {
    const insert = "INSERT INTO ledger (kind, redemption_id, occurred_at_ms) VALUES (?, ?, ?)";
    this.#sql.exec(insert, kind, redemptionId, Date.now());
  }
}
