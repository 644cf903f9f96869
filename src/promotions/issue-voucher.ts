import { z } from "zod";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import { VoucherId } from "../shared/ids.ts";
import { MINOR_MAX, Money, money } from "../shared/money.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { derivedVoucherCode, maskOf, newVoucherCode, voucherIdOf } from "./codes.ts";
import { type PromotionsEnv, voucherStub } from "./stub.ts";
import type { VoucherLedgerEntry } from "./voucher-object.ts";

export const NewVoucher = z.object({
  amount: Money.extend({ amount: z.int().min(1).max(MINOR_MAX) }),
  expiresAt: z.iso.datetime({ offset: true }).nullable().default(null),
});
export type NewVoucher = z.infer<typeof NewVoucher>;

export const IssuedVoucher = z
  .object({
    id: VoucherId,
    code: z.string().describe("Shown in this answer and never again"),
    balance: Money,
    expiresAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "IssuedVoucher" });
export type IssuedVoucher = z.infer<typeof IssuedVoucher>;

export const VoucherView = z
  .object({
    id: VoucherId,
    code: z.string().describe("Only its last characters"),
    initial: Money,
    balance: Money,
    expiresAt: z.iso.datetime().nullable(),
    ledger: z
      .array(
        z.object({
          sequence: z.int(),
          kind: z.enum(["issue", "redeem", "restore", "credit"]),
          amount: z.int().describe("Minor units, always positive"),
          balance: z.int().describe("After the movement"),
          reference: z.string().describe("The checkout's attempt; of a credit the refund"),
          occurredAt: z.iso.datetime(),
        }),
      )
      .describe("The newest movements first"),
  })
  .meta({ id: "Voucher" });
export type VoucherView = z.infer<typeof VoucherView>;

type Refused = { code: "expired" | "currency_unsupported" | "key_reused" };

/**
 * Issues a voucher and answers its code, which nothing stores. With an Idempotency-Key the code
 * follows from the key, so a repeat issues nothing and is told the same code.
 */
export async function issueVoucher(
  io: Io,
  env: PromotionsEnv,
  { amount, expiresAt }: NewVoucher,
  by: { staff: string; idempotencyKey: string | undefined },
): Promise<Result<{ voucher: IssuedVoucher; isRepeat: boolean }, Refused>> {
  const { STORE_CURRENCY, TOKEN_SECRET } = io.config;
  if (amount.currency !== STORE_CURRENCY) return err({ code: "currency_unsupported" });
  const expiresAtMs = expiresAt === null ? null : Date.parse(expiresAt);
  const { staff, idempotencyKey: key } = by;
  const code =
    key === undefined ? newVoucherCode() : await derivedVoucherCode(TOKEN_SECRET, staff, key);
  const id = await voucherIdOf(code);
  if (expiresAtMs !== null && expiresAtMs <= io.clock.nowMs()) return err({ code: "expired" });
  const { currency, amount: initialMinor } = amount;
  const voucher = { mask: maskOf(code), currency, initialMinor, expiresAtMs };
  const outcome = await io.meter.step("object", async () => voucherStub(env, id).issue(voucher));
  if (outcome === "conflict") return err({ code: "key_reused" });
  const shown = expiresAtMs === null ? null : timestamp(expiresAtMs);
  return ok({
    voucher: { id, code, balance: amount, expiresAt: shown },
    isRepeat: outcome === "repeated",
  });
}

/** By its code, or by the id that a cart or an order shows. */
export async function readVoucher(
  io: Pick<Io, "meter">,
  env: PromotionsEnv,
  codeOrId: string,
): Promise<VoucherView | undefined> {
  const asId = VoucherId.safeParse(codeOrId);
  const id = asId.success ? asId.data : await voucherIdOf(codeOrId);
  const found = await io.meter.step("object", async () => voucherStub(env, id).view());
  if (!found) return undefined;
  const { mask, currency, initialMinor, balanceMinor, expiresAtMs, ledger } = found;
  return {
    id,
    code: mask,
    initial: money(initialMinor, currency),
    balance: money(balanceMinor, currency),
    expiresAt: expiresAtMs === null ? null : timestamp(expiresAtMs),
    ledger: ledger satisfies VoucherLedgerEntry[],
  };
}
