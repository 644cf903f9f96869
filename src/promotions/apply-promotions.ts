import { type Minor, minor, multiply, sumMinor } from "../shared/money.ts";
import { discountLines, isTarget, type PromotionLine } from "./discount.ts";
import type {
  CodeRefusal,
  CodeRefusalReason,
  CouponLimits,
  CouponUsage,
  Effect,
  Promotion,
} from "./model.ts";

/** A code in a cart. Without `usage` nobody asked how often it was used: the checkout will. */
export type AskedCoupon = {
  code: string;
  promotion: Promotion | undefined;
  usage?: CouponUsage | undefined;
};

export type AppliedPromotion = CouponLimits & {
  promotionId: Promotion["id"];
  code: string | null;
  title: string;
  discount: Minor;
  freeShipping: boolean;
};

export type Applied = {
  /** The discount of each line, in the order of the lines. */
  lineDiscounts: Minor[];
  /** Their sum. */
  discount: Minor;
  freeShipping: boolean;
  applied: AppliedPromotion[];
  /** Each code that does nothing, and why. */
  refused: CodeRefusal[];
};

export type PromotionFacts = {
  lines: readonly PromotionLine[];
  automatic: readonly Promotion[];
  coupons: readonly AskedCoupon[];
  nowMs: number;
};

/**
 * Applies codes and automatic rules to a cart's lines. Whatever is combinable applies together;
 * an exclusive promotion stands alone. Of these choices the one that takes off most wins, then the
 * one with free shipping, then the combination, then the lower id: so the order of codes is irrelevant.
 */
export function applyPromotions({ lines, automatic, coupons, nowMs }: PromotionFacts): Applied {
  const subtotal = sumMinor(lines.map(({ unitMinor, quantity }) => multiply(unitMinor, quantity)));
  const refused: CodeRefusal[] = [];
  const usable: Promotion[] = automatic.filter(
    (promotion) => refusalOf({ promotion }, subtotal, nowMs) === undefined,
  );
  for (const { code, promotion, usage } of byCode(coupons)) {
    const reason = refusalOf({ promotion, usage }, subtotal, nowMs);
    if (reason) refused.push({ code, reason });
    else if (promotion) usable.push(promotion);
  }

  const sorted = usable.sort(inOrder);
  const choices = [
    sorted.filter(({ stacking }) => stacking === "combinable"),
    ...sorted.filter(({ stacking }) => stacking === "exclusive").map((each) => [each]),
  ].map((promotions) => combine(promotions, lines));
  const best = choices.reduce((winner, each) => (isBetter(each, winner) ? each : winner));

  const ids = new Set(best.applied.map(({ promotionId }) => promotionId));
  for (const promotion of sorted) {
    if (promotion.code === null || ids.has(promotion.id)) continue;
    const alone = combine([promotion], lines).applied.length > 0;
    refused.push({ code: promotion.code, reason: alone ? "not_combinable" : "not_applicable" });
  }
  return { ...best, refused: refused.sort((a, b) => (a.code < b.code ? -1 : 1)) };
}

/** The same code twice is one. */
const byCode = (coupons: readonly AskedCoupon[]) =>
  new Map(coupons.map((coupon) => [coupon.code, coupon])).values();

function refusalOf(
  { promotion, usage }: Omit<AskedCoupon, "code">,
  subtotal: Minor,
  nowMs: number,
): CodeRefusalReason | undefined {
  if (!promotion) return "unknown";
  const { active, startsAtMs, endsAtMs, usesMax, usesPerShopperMax } = promotion;
  if (!active || (endsAtMs !== null && nowMs >= endsAtMs)) return "expired";
  if (nowMs < startsAtMs) return "not_started";
  const isUsedUp = usage && usesMax !== null && usage.uses >= usesMax;
  const hasUsed = usage && usesPerShopperMax !== null && usage.usesByShopper >= usesPerShopperMax;
  if (isUsedUp || hasUsed) return "limit_reached";
  return subtotal < promotion.minimumSubtotalMinor ? "minimum_not_reached" : undefined;
}

/** Units before percentages before amounts: a percentage of what is left is what people expect. */
const PHASES: Record<Effect["kind"], number> = {
  buy_x_get_y: 0,
  percentage: 1,
  amount: 2,
  free_shipping: 3,
};

const inOrder = (a: Promotion, b: Promotion): number =>
  PHASES[a.effect.kind] - PHASES[b.effect.kind] || (a.id < b.id ? -1 : 1);

type Combined = Omit<Applied, "refused">;

function combine(promotions: readonly Promotion[], lines: readonly PromotionLine[]): Combined {
  const left = lines.map(({ unitMinor, quantity }) => multiply(unitMinor, quantity));
  const lineDiscounts = lines.map(() => minor(0));
  const applied: AppliedPromotion[] = [];
  for (const promotion of promotions) {
    const shares = discountLines(promotion, lines, left);
    for (const [at, share] of shares.entries()) {
      left[at] = minor(left[at]! - share);
      lineDiscounts[at] = minor(lineDiscounts[at]! + share);
    }
    const discount = sumMinor(shares);
    const reaches = lines.some((line) => isTarget(promotion.target, line));
    const freeShipping = promotion.effect.kind === "free_shipping" && reaches;
    if (discount === 0 && !freeShipping) continue;
    const { id: promotionId, code, title, usesMax, usesPerShopperMax } = promotion;
    const limits = { usesMax, usesPerShopperMax };
    applied.push({ promotionId, code, title, discount, freeShipping, ...limits });
  }
  const freeShipping = applied.some((each) => each.freeShipping);
  return { lineDiscounts, discount: sumMinor(lineDiscounts), freeShipping, applied };
}

const isBetter = (each: Combined, than: Combined): boolean =>
  each.discount > than.discount ||
  (each.discount === than.discount && each.freeShipping && !than.freeShipping);
