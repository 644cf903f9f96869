import type { Io } from "../platform/io/io.ts";
import type { VoucherId } from "../shared/ids.ts";
import type { CouponUsage, Promotion, VoucherState } from "./model.ts";
import { findPromotions } from "./store.ts";
import { couponStub, type PromotionsEnv, voucherStub } from "./stub.ts";

/** What there is to apply at one moment, `atMs`. Each asked-for code is there; `null` names nothing. */
export type Offers = {
  automatic: readonly Promotion[];
  coupons: ReadonlyMap<string, Promotion | null>;
  /** Of the coupons whose uses were asked for. */
  usage: ReadonlyMap<string, CouponUsage>;
  vouchers: ReadonlyMap<VoucherId, VoucherState | null>;
  atMs: number;
};

export const NO_OFFERS: Offers = {
  automatic: [],
  coupons: new Map(),
  usage: new Map(),
  vouchers: new Map(),
  atMs: 0,
};

export type OffersWanted = {
  coupons: readonly string[];
  vouchers: readonly VoucherId[];
  /** Whose uses of which coupons count; without it the limits are left to the checkout. */
  usage?: { codes: readonly string[]; shopper: string | undefined } | undefined;
  /** Whether money depends on it: then the automatic rules are read, however recently they were. */
  isBinding: boolean;
};

/** A cart may show an automatic rule this much longer; what is charged is read when it is charged. */
const AUTOMATIC_KEPT_MS = 1_000;

/** This isolate's copy of the automatic rules. Plain data, so requests may share it. */
let kept: { automatic: readonly Promotion[]; atMs: number } | undefined;

/** After a change made in this isolate, so that whoever made it sees it at once. */
export function forgetAutomatic(): void {
  kept = undefined;
}

/** One round trip, whatever is asked for; none for no codes while the automatic rules are fresh. */
export async function gatherOffers(
  io: Pick<Io, "sql" | "meter" | "clock">,
  env: PromotionsEnv,
  { coupons: codes, vouchers: voucherIds, usage, isBinding }: OffersWanted,
): Promise<Offers> {
  const { meter } = io;
  const [promotions, usages, vouchers] = await Promise.all([
    readPromotions(io, codes, isBinding),
    Promise.all(
      (usage?.codes ?? []).map(async (code) => {
        const uses = await meter.step("object", async () =>
          couponStub(env, code).usage(usage?.shopper),
        );
        return [code, uses] as const;
      }),
    ),
    Promise.all(
      voucherIds.map(async (id) => {
        const state = await meter.step("object", async () => voucherStub(env, id).state());
        return [id, state ?? null] as const;
      }),
    ),
  ]);
  const byCode = new Map(promotions.map((promotion) => [promotion.code, promotion]));
  return {
    automatic: promotions.filter(({ code }) => code === null),
    coupons: new Map(codes.map((code) => [code, byCode.get(code) ?? null])),
    usage: new Map(usages),
    vouchers: new Map(vouchers),
    atMs: io.clock.nowMs(),
  };
}

/** Both, and of what both know the later. */
export const joinOffers = (earlier: Offers, later: Offers): Offers => ({
  automatic: later.automatic,
  coupons: new Map([...earlier.coupons, ...later.coupons]),
  usage: new Map([...earlier.usage, ...later.usage]),
  vouchers: new Map([...earlier.vouchers, ...later.vouchers]),
  atMs: later.atMs,
});

async function readPromotions(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  codes: readonly string[],
  isBinding: boolean,
): Promise<readonly Promotion[]> {
  const nowMs = clock.nowMs();
  const isFresh = kept !== undefined && nowMs - kept.atMs < AUTOMATIC_KEPT_MS;
  if (kept && isFresh && codes.length === 0 && !isBinding) return kept.automatic;
  const found = await findPromotions(sql, codes, nowMs);
  kept = { automatic: found.filter(({ code }) => code === null), atMs: nowMs };
  return found;
}
