import type { CategoryId, PriceRuleId, ProductId } from "../shared/ids.ts";
import { cellsOf } from "./price-cells.ts";
import {
  ALL_PRODUCTS,
  CATEGORIES_LIST,
  categoryTag,
  EVERY_PRICE_ORDER,
  EVERYTHING,
  type ListSet,
  MANY_CATEGORIES,
  membershipTag,
  priceOrderTag,
  productTag,
  rulesOnTag,
  ruleTag,
  titleOrderTag,
} from "./purge-tags.ts";

/** A product as a page shows it: its categories decide which rules may change its price. */
export type ShownProduct = {
  productId: ProductId;
  categoryIds: readonly CategoryId[];
  /** The rule that lowers a price of it. */
  ruleIds: readonly PriceRuleId[];
};

export type ListPage = {
  /** The one set that its tags speak of, of those it is drawn from. */
  set: ListSet;
  /** By which key it is ordered or filtered, besides membership. */
  byTitle: boolean;
  /** The stretch of prices it shows, where prices decide what it shows; the ends are included. */
  prices: { fromMinor: number; toMinor: number } | undefined;
  shown: readonly ShownProduct[];
};

export function listPageTags({ set, byTitle, prices, shown }: ListPage): string[] {
  const cells = prices ? cellsOf(prices.fromMinor, prices.toMinor) : [];
  return [
    EVERYTHING,
    membershipTag(set),
    ...(byTitle ? [titleOrderTag(set)] : []),
    ...(prices ? [EVERY_PRICE_ORDER] : []),
    ...cells.map((cell) => priceOrderTag(set, cell)),
    ...shown.map(({ productId }) => productTag(productId)),
    ...priceTags(shown),
  ];
}

/** Of a list's tags, those that are known before anything is read. */
export const sureListTags = (set: ListSet): string[] => [
  EVERYTHING,
  EVERY_PRICE_ORDER,
  membershipTag(set),
  rulesOnTag(ALL_PRODUCTS),
];

export const sureProductTags = (productId: ProductId): string[] => [
  EVERYTHING,
  productTag(productId),
  rulesOnTag(ALL_PRODUCTS),
];

export const productPageTags = (shown: ShownProduct): string[] => [
  EVERYTHING,
  productTag(shown.productId),
  ...fewCategories(shown.categoryIds).map(categoryTag),
  ...priceTags([shown]),
];

export const categoryPageTags = (id: CategoryId): string[] => [EVERYTHING, categoryTag(id)];

export const categoryListTags = (ids: readonly CategoryId[]): string[] => [
  EVERYTHING,
  CATEGORIES_LIST,
  ...ids.map(categoryTag),
];

/** The rules that lower a price on the page, and whatever a rule that is yet to come may be made for. */
function priceTags(shown: readonly ShownProduct[]): string[] {
  const categoryIds = new Set(shown.flatMap((product) => product.categoryIds));
  const ruleIds = new Set(shown.flatMap((product) => product.ruleIds));
  return [
    rulesOnTag(ALL_PRODUCTS),
    ...fewCategories([...categoryIds]).map(rulesOnTag),
    ...[...ruleIds].map(ruleTag),
  ];
}

const CATEGORIES_NAMED_MAX = 200;

/** A page may carry only so many tags: where it has too many categories, it is purged with any. */
const fewCategories = (ids: readonly CategoryId[]): readonly string[] =>
  ids.length <= CATEGORIES_NAMED_MAX ? ids : [MANY_CATEGORIES];
