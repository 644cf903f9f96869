import { type Minor, minor, portion, prorate, sumMinor } from "../shared/money.ts";
import { BASIS_POINTS, type Effect, type Promotion, type Target } from "./model.ts";

export type PromotionLine = {
  productId: string;
  categoryIds: readonly string[];
  unitMinor: number;
  quantity: number;
};

export function isTarget(target: Target, { productId, categoryIds }: PromotionLine): boolean {
  switch (target.kind) {
    case "all":
      return true;
    case "products":
      return target.productIds.some((id) => id === productId);
    case "categories":
      return target.categoryIds.some((id) => categoryIds.includes(id));
  }
}

/**
 * What one promotion takes off each line, at most what is left of it.
 *
 * @param left is what earlier promotions have left of each line.
 */
export function discountLines(
  { effect, target }: Pick<Promotion, "effect" | "target">,
  lines: readonly PromotionLine[],
  left: readonly Minor[],
): Minor[] {
  const eligible = lines.map((line, at) => (isTarget(target, line) ? left[at]! : minor(0)));
  const sum = sumMinor(eligible);
  switch (effect.kind) {
    case "percentage":
      return prorate(portion(sum, effect.basisPoints, BASIS_POINTS), eligible);
    case "amount":
      return prorate(minor(Math.min(effect.amountMinor, sum)), eligible);
    case "buy_x_get_y":
      return discountUnits(effect, target, lines, left);
    case "free_shipping":
      return lines.map(() => minor(0));
  }
}

type BuyGet = Extract<Effect, { kind: "buy_x_get_y" }>;

/** Of each full group of X + Y eligible units, Y are discounted: the cheapest ones, ties to the earlier line. */
function discountUnits(
  { buyQuantity, getQuantity, basisPoints }: BuyGet,
  target: Target,
  lines: readonly PromotionLine[],
  left: readonly Minor[],
): Minor[] {
  const eligible = [...lines.keys()].filter((at) => isTarget(target, lines[at]!));
  const units = eligible.reduce((sum, at) => sum + lines[at]!.quantity, 0);
  let discounted = Math.floor(units / (buyQuantity + getQuantity)) * getQuantity;
  const shares = lines.map(() => minor(0));
  const cheapestFirst = eligible.sort((a, b) => lines[a]!.unitMinor - lines[b]!.unitMinor || a - b);
  for (const at of cheapestFirst) {
    const { unitMinor, quantity } = lines[at]!;
    const count = Math.min(quantity, discounted);
    discounted -= count;
    const discount = portion(unitMinor * count, basisPoints, BASIS_POINTS);
    shares[at] = minor(Math.min(discount, left[at]!));
  }
  return shares;
}
