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
  placeTag,
  priceOrderTag,
  productTag,
  rulesOnTag,
  ruleTag,
  titleOrderTag,
} from "./purge-tags.ts";
import { type ListPlace, shownPrices } from "./shown-prices.ts";

/** A product as a page shows it: its categories decide which rules may change its price. */
export type ShownProduct = {
  productId: ProductId;
  categoryIds: readonly CategoryId[];
  /** The rule that lowers a price of it. */
  ruleIds: readonly PriceRuleId[];
};

/** A list's filters as the database and the tags of pages compare them. */
export type ListKeys = {
  categoryId?: CategoryId | undefined;
  vendor?: string | undefined;
  type?: string | undefined;
  tag?: string | undefined;
};

export type ListPage = ListPlace & {
  keys: ListKeys;
  shown: readonly ShownProduct[];
  /** The first product behind the page. It makes the page have a cursor, wherever it stands. */
  nextId: ProductId | undefined;
};

export function listPageTags({ keys, shown, nextId, ...place }: ListPage): string[] {
  const set = setOf(keys);
  const isByTitle = place.sort === "title" || place.sort === "-title";
  const prices = shownPrices(place);
  const cells = prices ? cellsOf(prices.fromMinor, prices.toMinor) : [];
  return [
    EVERYTHING,
    membershipTag(set),
    ...(isByTitle ? [titleOrderTag(set)] : []),
    ...(prices ? [EVERY_PRICE_ORDER] : []),
    ...cells.map((cell) => priceOrderTag(set, cell)),
    ...(prices && nextId ? [placeTag(nextId)] : []),
    ...shown.map(({ productId }) => productTag(productId)),
    ...priceTags(shown),
  ];
}

/** The set that a page's tags speak of: the one that tends to be smallest, as fewer changes touch it. */
function setOf({ categoryId, vendor, type, tag }: ListKeys): ListSet {
  if (categoryId !== undefined) return { by: "category", key: categoryId };
  if (vendor !== undefined) return { by: "vendor", key: vendor };
  if (type !== undefined) return { by: "type", key: type };
  return tag === undefined ? { by: "all" } : { by: "tag", key: tag };
}

/** Those of a list's tags that are known before anything is read. */
export const sureListTags = (keys: ListKeys): string[] => [
  EVERYTHING,
  membershipTag(setOf(keys)),
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
