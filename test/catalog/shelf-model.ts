import {
  categoryListTags,
  categoryPageTags,
  type ListKeys,
  listPageTags,
  productPageTags,
} from "../../src/catalog/page-tags.ts";
import { type PriceRule, priceUnder, rulesFor } from "../../src/catalog/price-rules.ts";
import type { Shelf } from "../../src/catalog/purge-tags.ts";
import type { CategoryId, ProductId } from "../../src/shared/ids.ts";

/** A product with one variant, and what its pages show of it. */
export type Item = Shelf & { createdAtMs: number; priceMinor: number; inStock: boolean };
export type World = {
  items: Map<ProductId, Item>;
  rules: PriceRule[];
  categories: { id: CategoryId; title: string }[];
};
export type List = {
  keys: ListKeys;
  sort: "title" | "-title" | "price" | "-price" | "newest";
  filters: { minPriceMinor?: number; maxPriceMinor?: number };
  limit: number;
};
export type Position = { key: string | number; id: string };
export type Page =
  | { kind: "list"; list: List; after: Position | undefined }
  | { kind: "product"; id: ProductId }
  | { kind: "category"; id: CategoryId }
  | { kind: "categories"; limit: number; after: Position | undefined };
export type Render = { body: string; tags: readonly string[] } | undefined;

const NOW_MS = 1_000;

const ruledPrice = ({ rules }: World, item: Item) =>
  priceUnder(rulesFor(rules, item), { priceMinor: item.priceMinor, compareAtMinor: null }, NOW_MS);

/** What the price clock does: brings the sort prices in step with the rules. */
export const settle = (world: World): World => ({
  ...world,
  items: new Map(
    [...world.items].map(([id, item]) => [
      id,
      { ...item, sortPriceMinor: ruledPrice(world, item).priceMinor },
    ]),
  ),
});

const view = (world: World, item: Item) => {
  const { priceMinor, compareAtMinor } = ruledPrice(world, item);
  return [item.productId, item.title, item.vendorKey, priceMinor, compareAtMinor, item.inStock];
};
const shown = (world: World, item: Item) => {
  const { ruleId } = ruledPrice(world, item);
  return {
    productId: item.productId,
    categoryIds: item.categoryIds,
    ruleIds: ruleId === undefined ? [] : [ruleId],
  };
};

const keyOf = (item: Item, sort: List["sort"]): string | number => {
  if (sort === "newest") return item.createdAtMs;
  return sort.endsWith("title") ? item.title : item.sortPriceMinor;
};

const compare = (a: Position, b: Position) => {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
};

export function members({ items }: World, { keys, sort, filters }: List): Item[] {
  const { minPriceMinor = 0, maxPriceMinor = Number.POSITIVE_INFINITY } = filters;
  const all = [...items.values()].filter(
    (item) =>
      item.published &&
      (keys.categoryId === undefined || item.categoryIds.includes(keys.categoryId)) &&
      (keys.vendor === undefined || item.vendorKey === keys.vendor) &&
      (keys.type === undefined || item.typeKey === keys.type) &&
      (keys.tag === undefined || item.tagKeys.includes(keys.tag)) &&
      item.sortPriceMinor >= minPriceMinor &&
      item.sortPriceMinor <= maxPriceMinor,
  );
  const place = (item: Item) => ({ key: keyOf(item, sort), id: item.productId });
  const sign = sort === "-title" || sort === "-price" || sort === "newest" ? -1 : 1;
  return all.sort((a, b) => sign * compare(place(a), place(b)));
}

/** One page out of a list's members, as `listProducts` cuts and tags it. */
export function cutPage(
  world: World,
  list: List,
  sorted: readonly Item[],
  after: Position | undefined,
): { render: NonNullable<Render>; next: Position | undefined } {
  const from = startOf(list, sorted, after);
  const items = sorted.slice(from, from + list.limit);
  const behind = sorted[from + list.limit];
  const last = behind && items.at(-1);
  const next = last && { key: keyOf(last, list.sort), id: last.productId };
  const { keys, sort, filters } = list;
  return {
    render: {
      body: JSON.stringify([items.map((item) => view(world, item)), next]),
      tags: listPageTags({
        keys,
        sort,
        filters,
        after,
        lastPriceMinor: last?.sortPriceMinor,
        nextId: behind?.productId,
        shown: items.map((item) => shown(world, item)),
      }),
    },
    next,
  };
}

/** Where a page begins: the first member behind the last one of the page before. */
function startOf(list: List, sorted: readonly Item[], after: Position | undefined): number {
  if (!after) return 0;
  const sign = list.sort === "title" || list.sort === "price" ? 1 : -1;
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = sorted[middle]!;
    const isBehind = sign * compare({ key: keyOf(item, list.sort), id: item.productId }, after) > 0;
    if (isBehind) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function render(world: World, page: Page): Render {
  switch (page.kind) {
    case "list": {
      const sorted = members(world, page.list);
      return cutPage(world, page.list, sorted, page.after).render;
    }
    case "product": {
      const item = world.items.get(page.id);
      if (!item?.published) return undefined;
      const { tagKeys, typeKey, categoryIds } = item;
      return {
        body: JSON.stringify([view(world, item), tagKeys, typeKey, categoryIds]),
        tags: productPageTags(shown(world, item)),
      };
    }
    case "category": {
      const category = world.categories.find(({ id }) => id === page.id);
      return category && { body: category.title, tags: categoryPageTags(category.id) };
    }
    case "categories": {
      const { after, limit } = page;
      const listed = listedCategories(world).filter(
        ({ title, id }) => !after || compare({ key: title, id }, after) > 0,
      );
      const cut = listed.slice(0, limit);
      return {
        body: JSON.stringify([cut, listed.length > limit]),
        tags: categoryListTags(cut.map(({ id }) => id)),
      };
    }
  }
}

function listedCategories({ items, categories }: World) {
  const all = [...items.values()];
  return categories
    .filter(({ id }) => all.some((item) => item.published && item.categoryIds.includes(id)))
    .sort((a, b) => compare({ key: a.title, id: a.id }, { key: b.title, id: b.id }));
}

/** Every page that some reader may have asked for: each list to its end, and each product. */
export function pagesOf(world: World, lists: readonly List[]): Page[] {
  const pages: Page[] = [];
  for (const list of lists) {
    const sorted = members(world, list);
    let after: Position | undefined;
    do {
      pages.push({ kind: "list", list, after });
      after = cutPage(world, list, sorted, after).next;
    } while (after);
  }
  for (const id of world.items.keys()) pages.push({ kind: "product", id });
  for (const { id } of world.categories) pages.push({ kind: "category", id });
  for (const after of [undefined, ...listedCategories(world)]) {
    const position = after && { key: after.title, id: after.id };
    pages.push({ kind: "categories", limit: 1, after: position });
  }
  return pages;
}
