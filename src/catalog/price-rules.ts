import type { CategoryId, PriceRuleId, ProductId } from "../shared/ids.ts";
import { type Minor, minor } from "../shared/money.ts";

/** What a rule takes off, whose prices, and from when to when (the end excluded; `null` is never). */
export type PriceRule = {
  id: PriceRuleId;
  kind: "percentage" | "amount";
  /** Hundredths of a percent for a percentage, minor units for an amount. */
  value: number;
  target: "all" | "product" | "category";
  targetId: string | null;
  startsAtMs: number;
  endsAtMs: number | null;
};

export type RuledProduct = { productId: ProductId; categoryIds: readonly CategoryId[] };

export type RuledPrice = {
  priceMinor: Minor;
  /** The price before, when a rule lowers it; else the merchant's former price, if that is higher. */
  compareAtMinor: Minor | null;
  /** The rule that lowered it. */
  ruleId: PriceRuleId | undefined;
};

const WHOLE = 10_000;

export const isActive = ({ startsAtMs, endsAtMs }: PriceRule, nowMs: number): boolean =>
  startsAtMs <= nowMs && (endsAtMs === null || nowMs < endsAtMs);

function appliesTo(
  { target, targetId }: Pick<PriceRule, "target" | "targetId">,
  { productId, categoryIds }: RuledProduct,
): boolean {
  switch (target) {
    case "all":
      return true;
    case "product":
      return targetId === productId;
    case "category":
      return categoryIds.some((id) => id === targetId);
  }
}

/** The rules that have a say in a product's prices, now or later. */
export const rulesFor = (rules: readonly PriceRule[], product: RuledProduct): PriceRule[] =>
  rules.filter((rule) => appliesTo(rule, product));

/**
 * The price of one unit under the best of a product's rules: the lowest wins, rules do not add up, and
 * no price falls below zero. A percentage is rounded per unit, half a minor unit up. Since a lower
 * price never becomes the higher one, a product's lowest price follows from its lowest price alone.
 */
export function priceUnder(
  rules: readonly PriceRule[],
  { priceMinor, compareAtMinor }: { priceMinor: number; compareAtMinor: number | null },
  nowMs: number,
): RuledPrice {
  let lowest = priceMinor;
  let ruleId: PriceRuleId | undefined;
  for (const rule of rules) {
    if (!isActive(rule, nowMs)) continue;
    const lowered = lower(rule, priceMinor);
    if (lowered >= lowest) continue;
    lowest = lowered;
    ruleId = rule.id;
  }
  const before = ruleId === undefined ? visibleFormer(priceMinor, compareAtMinor) : priceMinor;
  return {
    priceMinor: minor(lowest),
    compareAtMinor: before === null ? null : minor(before),
    ruleId,
  };
}

/** A former price is shown only when it is above the present one. */
const visibleFormer = (priceMinor: number, compareAtMinor: number | null) =>
  compareAtMinor !== null && compareAtMinor > priceMinor ? compareAtMinor : null;

function lower({ kind, value }: PriceRule, priceMinor: number): number {
  if (kind === "amount") return Math.max(0, priceMinor - value);
  // In two parts, because a large price times ten thousand passes 2^53.
  const kept = WHOLE - value;
  const rest = priceMinor % WHOLE;
  const whole = (priceMinor - rest) / WHOLE;
  return whole * kept + Math.floor((rest * kept + WHOLE / 2) / WHOLE);
}

/** The next moment at which one of the rules starts or ends; undefined when none does. */
export function nextChangeMs(rules: readonly PriceRule[], nowMs: number): number | undefined {
  let next = Number.POSITIVE_INFINITY;
  for (const rule of rules) {
    const { startsAtMs, endsAtMs } = rule;
    if (endsAtMs !== null && endsAtMs <= startsAtMs) continue;
    if (startsAtMs > nowMs) next = Math.min(next, startsAtMs);
    else if (endsAtMs !== null && endsAtMs > nowMs) next = Math.min(next, endsAtMs);
  }
  return Number.isFinite(next) ? next : undefined;
}

/** Whether a rule started or ended after one moment and up to another. */
export function changedBetween(
  { startsAtMs, endsAtMs }: PriceRule,
  afterMs: number,
  untilMs: number,
): boolean {
  if (endsAtMs !== null && endsAtMs <= startsAtMs) return false;
  const isIn = (atMs: number | null) => atMs !== null && atMs > afterMs && atMs <= untilMs;
  return isIn(startsAtMs) || isIn(endsAtMs);
}
