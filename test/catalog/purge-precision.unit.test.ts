import { describe, expect, it } from "vitest";
import { tagsOf } from "../../src/catalog/purge-tags.ts";
import { CategoryId, ProductId } from "../../src/shared/ids.ts";
import {
  cutPage,
  type Item,
  type List,
  members,
  type Position,
  type Render,
  render,
  type World,
} from "./shelf-model.ts";

const PRODUCTS = 48_000;
const [VENDORS, TYPES, CATEGORIES, TAGS] = [120, 30, 60, 40];
const SORTS = ["title", "-title", "price", "-price", "newest"] as const;
const LIMIT = 20;
/** How far readers go. Every page of every order to its end comes to 5 % purged in vain. */
const DEPTH = 10;

/** The same numbers each time, so that a page that is missed can be looked for. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Prices as shops have them: most between 5 and 200, many alike. */
const priceFrom = (next: (below: number) => number) => 500 + next(40) * 500 - (next(2) ? 1 : 5);

function shop(): World {
  const next = numbers(1);
  const item = (n: number): Item => {
    const priceMinor = priceFrom(next);
    return {
      productId: ProductId.parse(`prd_${n}`),
      published: true,
      title: `Product ${next(10_000)}`,
      vendorKey: `vendor ${next(VENDORS)}`,
      typeKey: `type ${next(TYPES)}`,
      tagKeys: [`tag ${next(TAGS)}`, `tag ${TAGS + next(TAGS)}`],
      categoryIds: [CategoryId.parse(`cat_${next(CATEGORIES)}`)],
      createdAtMs: n,
      priceMinor,
      sortPriceMinor: priceMinor,
      inStock: true,
    };
  };
  const items = Array.from({ length: PRODUCTS }, (_, n) => item(n));
  const byId = new Map(items.map((each) => [each.productId, each]));
  return { items: byId, rules: [], categories: [] };
}

function repriced(world: World, products: number): World {
  const next = numbers(2);
  const items = new Map(world.items);
  while (products > 0) {
    const item = items.get(ProductId.parse(`prd_${next(PRODUCTS)}`))!;
    const priceMinor = priceFrom(next);
    if (item.priceMinor === priceMinor || item !== world.items.get(item.productId)) continue;
    items.set(item.productId, { ...item, priceMinor, sortPriceMinor: priceMinor });
    products -= 1;
  }
  return { ...world, items };
}

/** Every list by one filter, in every order; the browsing that fills a cache. */
function lists(): List[] {
  const keys = [
    {},
    ...Array.from({ length: VENDORS }, (_, n) => ({ vendor: `vendor ${n}` })),
    ...Array.from({ length: TYPES }, (_, n) => ({ type: `type ${n}` })),
    ...Array.from({ length: CATEGORIES }, (_, n) => ({ categoryId: CategoryId.parse(`cat_${n}`) })),
    ...Array.from({ length: 2 * TAGS }, (_, n) => ({ tag: `tag ${n}` })),
  ];
  return keys.flatMap((each) =>
    SORTS.map((sort): List => ({ keys: each, sort, filters: {}, limit: LIMIT })),
  );
}

describe("500 products re-priced over 60,000 cached pages", () => {
  it("misses no page, and purges few that need not be", () => {
    const before = shop();
    const after = repriced(before, 500);
    const purged = new Set(
      [...after.items.values()].flatMap((item) => {
        const was = before.items.get(item.productId)!;
        if (was === item) return [];
        return tagsOf({ type: "product", productId: item.productId, before: was, after: item });
      }),
    );
    const counts = { pages: 0, different: 0, purged: 0, missed: 0 };
    const count = (was: Render, is: Render) => {
      const isPurged = was?.tags.some((tag) => purged.has(tag)) ?? false;
      const isDifferent = was?.body !== is?.body;
      counts.pages += 1;
      counts.purged += isPurged ? 1 : 0;
      counts.different += isDifferent ? 1 : 0;
      counts.missed += isDifferent && !isPurged ? 1 : 0;
    };
    for (const list of lists()) {
      const [was, is] = [members(before, list), members(after, list)];
      let place: Position | undefined;
      for (let depth = 0; depth < DEPTH; depth += 1) {
        const cut = cutPage(before, list, was, place);
        count(cut.render, cutPage(after, list, is, place).render);
        place = cut.next;
        if (!place) break;
      }
    }
    for (const id of before.items.keys()) {
      count(render(before, { kind: "product", id }), render(after, { kind: "product", id }));
    }
    expect(counts.pages).toBeGreaterThan(60_000);
    expect(counts.missed).toBe(0);
    expect(counts.purged - counts.different).toBeLessThan(counts.pages * 0.05);
  }, 60_000);
});
