import { DurableObject } from "cloudflare:workers";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { timestamp } from "../shared/clock.ts";
import { VoucherId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { VoucherState } from "./model.ts";
import { VOUCHER_MIGRATIONS } from "./tables.ts";

const LEDGER_SHOWN_MAX = 200;

export type VoucherRedemption = { redemptionId: string; amountMinor: number };
export type VoucherCredit = VoucherRedemption & { creditId: string };
/** What one order took from a voucher, and what of it went back by itself. */
export type RedemptionView = Redemption & { credited: number };
export type VoucherLedgerEntry = {
  sequence: number;
  kind: "issue" | "redeem" | "restore" | "credit";
  amount: number;
  balance: number;
  reference: string;
  occurredAt: string;
};
type Issue = Pick<VoucherState, "mask" | "currency" | "initialMinor" | "expiresAtMs">;
type Refused = { code: "unknown" | "expired" | "balance_too_low" | "redemption_ended" };
type CreditRefused = { code: "unknown" | "credit_exceeds" };
type Redemption = { amount: number; status: "redeemed" | "restored" };

/**
 * Owns one gift voucher's balance: its only writer, so its money is spent once. Every method is
 * synchronous and may be repeated. It knows its code by a hash and by its last characters.
 */
export class VoucherObject extends DurableObject<Env> {
  readonly #sql = this.ctx.storage.sql;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    if (hasTables(ctx.storage)) migrate(ctx.storage, VOUCHER_MIGRATIONS);
  }

  /** Fills the voucher once; `conflict` when it was filled with something else. */
  issue({ mask, currency, initialMinor, expiresAtMs }: Issue): "issued" | "repeated" | "conflict" {
    migrate(this.ctx.storage, VOUCHER_MIGRATIONS);
    return this.ctx.storage.transactionSync(() => {
      const known = this.state();
      if (known) {
        const isSame =
          known.currency === currency &&
          known.initialMinor === initialMinor &&
          known.expiresAtMs === expiresAtMs;
        return isSame ? "repeated" : "conflict";
      }
      this.#sql.exec(
        "INSERT INTO voucher VALUES (1, ?, ?, ?, ?, ?)",
        mask,
        currency,
        initialMinor,
        initialMinor,
        expiresAtMs,
      );
      this.#enter("issue", initialMinor, initialMinor, "issue");
      return "issued";
    });
  }

  state(): VoucherState | undefined {
    if (!hasTables(this.ctx.storage)) return undefined;
    const [row] = this.#sql.exec<Omit<VoucherState, "voucherId">>(
      `SELECT mask, currency, initial AS initialMinor, balance AS balanceMinor,
         expires_at_ms AS expiresAtMs FROM voucher`,
    );
    return row && { ...row, voucherId: VoucherId.parse(this.ctx.id.name) };
  }

  /** The state with its newest movements, newest first. */
  view(): (VoucherState & { ledger: VoucherLedgerEntry[] }) | undefined {
    const state = this.state();
    if (!state) return undefined;
    const rows = this.#sql.exec<Omit<VoucherLedgerEntry, "occurredAt"> & { occurredAtMs: number }>(
      `SELECT sequence, kind, amount, balance, reference, occurred_at_ms AS occurredAtMs
       FROM ledger ORDER BY sequence DESC LIMIT ?`,
      LEDGER_SHOWN_MAX,
    );
    const ledger = rows
      .toArray()
      .map(({ occurredAtMs, ...entry }) => ({ ...entry, occurredAt: timestamp(occurredAtMs) }));
    return { ...state, ledger };
  }

  /** Spends exactly this amount, once per `redemptionId`, or nothing. */
  redeem({ redemptionId, amountMinor }: VoucherRedemption): Result<null, Refused> {
    if (!this.state()) return err({ code: "unknown" });
    return this.ctx.storage.transactionSync(() => {
      const earlier = this.#redemption(redemptionId);
      if (earlier?.status === "restored") return err({ code: "redemption_ended" });
      if (earlier) return ok(null);
      const { balanceMinor, expiresAtMs } = this.state()!;
      if (expiresAtMs !== null && Date.now() >= expiresAtMs) return err({ code: "expired" });
      if (amountMinor > balanceMinor) return err({ code: "balance_too_low" });
      const insert = "INSERT INTO redemption VALUES (?, ?, 'redeemed')";
      this.#sql.exec(insert, redemptionId, amountMinor);
      this.#move("redeem", amountMinor, balanceMinor - amountMinor, redemptionId);
      return ok(null);
    });
  }

  /**
   * Gives back a part of what a redemption took, once per `creditId` and never more than it took. What
   * was restored as a whole has this part back already.
   */
  credit({ redemptionId, creditId, amountMinor }: VoucherCredit): Result<null, CreditRefused> {
    const state = this.state();
    const redemption = state && this.redemption(redemptionId);
    if (!state || !redemption) return err({ code: "unknown" });
    return this.ctx.storage.transactionSync(() => {
      const known = this.#sql.exec("SELECT 1 FROM credit WHERE credit_id = ?", creditId).toArray();
      if (known.length > 0 || redemption.status === "restored") return ok(null);
      if (amountMinor > redemption.amount - redemption.credited) {
        return err({ code: "credit_exceeds" });
      }
      this.#sql.exec("INSERT INTO credit VALUES (?, ?, ?)", creditId, redemptionId, amountMinor);
      this.#move("credit", amountMinor, state.balanceMinor + amountMinor, creditId);
      return ok(null);
    });
  }

  /** For who holds orders to what their vouchers say. */
  redemption(redemptionId: string): RedemptionView | undefined {
    if (!hasTables(this.ctx.storage)) return undefined;
    const redemption = this.#redemption(redemptionId);
    return redemption && { ...redemption, credited: this.#credited(redemptionId) };
  }

  /**
   * Gives back what a redemption took and did not give back yet, once; before the redemption arrives it
   * bars the id. An expired
   * voucher gets its money back too: it is the shopper's, and what to do about it is for people.
   */
  restore(redemptionId: string): void {
    const state = this.state();
    if (!state) return;
    this.ctx.storage.transactionSync(() => {
      const earlier = this.#redemption(redemptionId);
      if (earlier?.status === "restored") return;
      if (!earlier) {
        this.#sql.exec("INSERT INTO redemption VALUES (?, 0, 'restored')", redemptionId);
        return;
      }
      const update = "UPDATE redemption SET status = 'restored' WHERE redemption_id = ?";
      this.#sql.exec(update, redemptionId);
      const rest = earlier.amount - this.#credited(redemptionId);
      if (rest > 0) this.#move("restore", rest, state.balanceMinor + rest, redemptionId);
    });
  }

  #redemption(redemptionId: string): Redemption | undefined {
    const query = "SELECT amount, status FROM redemption WHERE redemption_id = ?";
    return this.#sql.exec<Redemption>(query, redemptionId).toArray()[0];
  }

  #credited(redemptionId: string): number {
    const query = "SELECT COALESCE(SUM(amount), 0) AS credited FROM credit WHERE redemption_id = ?";
    return this.#sql.exec<{ credited: number }>(query, redemptionId).one().credited;
  }

  #move(
    kind: Exclude<VoucherLedgerEntry["kind"], "issue">,
    amount: number,
    balance: number,
    reference: string,
  ): void {
    this.#sql.exec("UPDATE voucher SET balance = ?", balance);
    this.#enter(kind, amount, balance, reference);
  }

  #enter(kind: VoucherLedgerEntry["kind"], amount: number, balance: number, reference: string) {
    this.#sql.exec(
      `INSERT INTO ledger (kind, amount, balance, reference, occurred_at_ms) VALUES (?, ?, ?, ?, ?)`,
      kind,
      amount,
      balance,
      reference,
      Date.now(),
    );
  }
}
