import { tagValue } from "../platform/edge/facts.ts";
import type { CategoryId, PriceRuleId, ProductId } from "../shared/ids.ts";
import { cellsAt } from "./price-cells.ts";

/** Where a product stands: all that decides which lists show it, and at which place. */
export type Shelf = {
  productId: ProductId;
  published: boolean;
  title: string;
  vendorKey: string;
  typeKey: string;
  tagKeys: readonly string[];
  categoryIds: readonly CategoryId[];
  /** The price that lists sort and filter by. */
  sortPriceMinor: number;
};

export type CatalogChange =
  /** Anything about a product may be different. No shelf: it was not there, or is not any more. */
  | {
      type: "product";
      productId: ProductId;
      before: Shelf | undefined;
      after: Shelf | undefined;
    }
  /** Its place among prices is different; what pages show of it is told by its rules' own tags. */
  | { type: "price_order"; before: Shelf; after: Shelf }
  | { type: "stock"; productId: ProductId }
  | { type: "category"; categoryId: CategoryId }
  | {
      type: "price_rule";
      ruleId: PriceRuleId;
      target: "all" | "product" | "category";
      targetId: string | null;
    };

/** Carried by every page of the catalogue: for a change that would name too much. */
export const EVERYTHING = "catalog:all";
/** Carried by every list that is ordered or filtered by price: for a rule that moves thousands. */
export const EVERY_PRICE_ORDER = "list_price:any";
export const CATEGORIES_LIST = "list:categories";

export const productTag = (id: string): string => `product:${id}`;
/** Carried by pages in the order of prices that end where this product's place begins. */
export const placeTag = (id: string): string => `list_place:${id}`;
export const categoryTag = (id: string): string => `category:${id}`;
export const ruleTag = (id: string): string => `pricerule:${id}`;
/** Carried by pages that show a price which a rule on this target would change. */
export const rulesOnTag = (targetId: string): string => `prices:${targetId}`;
export const ALL_PRODUCTS = "all";
/** In the place of tags by category, where a page would have too many of them. */
export const MANY_CATEGORIES = "any";

/** A set that lists are drawn from. */
export type ListSet = { by: "all" } | { by: "category" | "vendor" | "type" | "tag"; key: string };

const KEY_LENGTH_MAX = 72;

/** Long names that begin alike share a name here: that purges more, never less. */
const setName = (set: ListSet): string =>
  set.by === "all" ? set.by : `${set.by}.${tagValue(set.key).slice(0, KEY_LENGTH_MAX)}`;

export const membershipTag = (set: ListSet): string => `list:${setName(set)}`;
export const titleOrderTag = (set: ListSet): string => `list_title:${setName(set)}`;
export const priceOrderTag = (set: ListSet, cell: string): string =>
  `list_price:${setName(set)}.${cell}`;

/** Every set that a product is a member of, as far as shoppers are concerned. */
function setsOf(shelf: Shelf | undefined): ListSet[] {
  if (!shelf?.published) return [];
  const { vendorKey, typeKey, tagKeys, categoryIds } = shelf;
  return [
    { by: "all" },
    { by: "vendor", key: vendorKey },
    { by: "type", key: typeKey },
    ...tagKeys.map((key): ListSet => ({ by: "tag", key })),
    ...categoryIds.map((key): ListSet => ({ by: "category", key })),
  ];
}

type Shelves = { before: Shelf | undefined; after: Shelf | undefined };

/** In which sets' lists a product may have come, gone or moved. */
const setsAround = ({ before, after }: Shelves): ListSet[] => [...setsOf(before), ...setsOf(after)];

const changes = (of: (shelf: Shelf) => unknown) => (shelves: Shelves) =>
  JSON.stringify(shelves.before && of(shelves.before)) !==
  JSON.stringify(shelves.after && of(shelves.after));

/**
 * What of a product's shelf makes which list pages different, besides those that show the product:
 * these carry its own tag. A page is tagged with one set it is drawn from, a product purges all of
 * its sets: so no page is missed, however its filters combine.
 */
const SHELF_EFFECTS: readonly {
  what: string;
  isDifferent: (shelves: Shelves) => boolean;
  tags: (shelves: Shelves) => string[];
}[] = [
  {
    what: "it joins or leaves sets: every page of these, since what follows moves up or down",
    isDifferent: changes((shelf) => setsOf(shelf).map(setName).sort()),
    tags: (shelves) => setsAround(shelves).map(membershipTag),
  },
  {
    what: "it is in other categories, or not shown: a category is listed while it has something to show",
    isDifferent: changes(({ published, categoryIds }) => published && [...categoryIds].sort()),
    tags: () => [CATEGORIES_LIST],
  },
  {
    what: "its title: pages in the order of titles",
    isDifferent: changes(({ title }) => title),
    tags: (shelves) => setsAround(shelves).map(titleOrderTag),
  },
  {
    what: "its lowest price: pages in the order of prices, where it was and where it is",
    isDifferent: changes(({ sortPriceMinor }) => sortPriceMinor),
    tags: priceOrderTags,
  },
];

function priceOrderTags(shelves: Shelves): string[] {
  const known = [shelves.before, shelves.after].filter((shelf) => shelf !== undefined);
  const cells = known.flatMap(({ sortPriceMinor }) => cellsAt(sortPriceMinor));
  return [
    ...known.map(({ productId }) => placeTag(productId)),
    ...setsAround(shelves).flatMap((set) => cells.map((cell) => priceOrderTag(set, cell))),
  ];
}

/** The tags of every page whose body a change can make different, and of few others. */
export function tagsOf(change: CatalogChange): string[] {
  switch (change.type) {
    case "product": {
      if (!change.before?.published && !change.after?.published) return [];
      const effects = SHELF_EFFECTS.filter(({ isDifferent }) => isDifferent(change));
      return distinct([
        productTag(change.productId),
        ...effects.flatMap(({ tags }) => tags(change)),
      ]);
    }
    case "price_order":
      return distinct(priceOrderTags(change));
    case "stock":
      return [productTag(change.productId)];
    case "category":
      return [categoryTag(change.categoryId), categoryTag(MANY_CATEGORIES), CATEGORIES_LIST];
    case "price_rule":
      return [ruleTag(change.ruleId), ...targetTags(change)];
  }
}

/** A rule that is new is named by no page yet: its target is. */
function targetTags({
  target,
  targetId,
}: Extract<CatalogChange, { type: "price_rule" }>): string[] {
  if (target === "product") return [productTag(String(targetId))];
  if (target === "all") return [rulesOnTag(ALL_PRODUCTS)];
  return [rulesOnTag(String(targetId)), rulesOnTag(MANY_CATEGORIES)];
}

const distinct = (tags: readonly string[]): string[] => [...new Set(tags)];
