import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PriceRule } from "../../src/catalog/price-rules.ts";
import { type CatalogChange, tagsOf } from "../../src/catalog/purge-tags.ts";
import { isTag } from "../../src/platform/edge/facts.ts";
import { CategoryId, PriceRuleId, ProductId } from "../../src/shared/ids.ts";
import { type Item, type List, pagesOf, render, settle, type World } from "./shelf-model.ts";

const categoryIds = ["cat_a", "cat_b", "cat_c"].map((id) => CategoryId.parse(id));
const PRODUCTS = 9;

const content = fc.record({
  published: fc.boolean(),
  title: fc.constantFrom("a", "b", "c", "d"),
  vendorKey: fc.constantFrom("acme", "bolt & co"),
  typeKey: fc.constantFrom("tent", "lamp", ""),
  tagKeys: fc.subarray(["gift", "größe"]),
  categoryIds: fc.subarray(categoryIds),
  priceMinor: fc.constantFrom(10, 500, 990, 1_000, 1_040, 2_000, 1_000_000),
  inStock: fc.boolean(),
});
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

const rule = fc
  .record({
    kind: fc.constantFrom("percentage" as const, "amount" as const),
    value: fc.constantFrom(100, 5_000, 10_000),
    of: fc.constantFrom("all", "prd_1", "prd_2", "cat_a", "cat_b"),
    id: fc.nat({ max: 999 }),
  })
  .map(
    ({ kind, value, of, id }): PriceRule => ({
      id: PriceRuleId.parse(`rul_${id}`),
      kind,
      value,
      target: of === "all" ? "all" : of.startsWith("prd") ? "product" : "category",
      targetId: of === "all" ? null : of,
      startsAtMs: 0,
      endsAtMs: null,
    }),
  );

const itemOf = (n: number, of: Content): Item => ({
  ...of,
  productId: ProductId.parse(`prd_${n}`),
  createdAtMs: n >> 1,
  sortPriceMinor: of.priceMinor,
});

const worlds = fc
  .record({
    contents: fc.array(content, { minLength: 1, maxLength: PRODUCTS }),
    rules: fc.uniqueArray(rule, { maxLength: 2, selector: ({ id }) => id }),
  })
  .map(({ contents, rules }) =>
    settle({
      items: new Map(contents.map((of, n) => [itemOf(n, of).productId, itemOf(n, of)])),
      rules,
      categories: categoryIds.map((id) => ({ id, title: `title of ${id}` })),
    }),
  );

const SORTS = ["title", "-title", "price", "-price", "newest"] as const;
const KEYS = [
  {},
  { vendor: "acme" },
  { type: "tent" },
  { tag: "größe" },
  { categoryId: categoryIds[0] },
  { categoryId: categoryIds[1], vendor: "bolt & co", tag: "gift" },
  { vendor: "acme", tag: "gift" },
];
const FILTERS = [{}, { minPriceMinor: 990 }, { minPriceMinor: 500, maxPriceMinor: 1_000 }];
const LISTS: List[] = KEYS.flatMap((keys) =>
  SORTS.flatMap((sort) => FILTERS.map((filters) => ({ keys, sort, filters, limit: 2 }))),
);

type Change =
  | { kind: "product"; n: number; content: Content | undefined }
  | { kind: "stock"; n: number }
  | { kind: "new rule"; rule: PriceRule }
  | { kind: "rule gone"; n: number }
  | { kind: "category"; n: number };

const changes: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("product" as const),
      n: fc.nat({ max: PRODUCTS }),
      content: fc.option(content, { nil: undefined }),
    }),
  },
  fc.record({ kind: fc.constant("stock" as const), n: fc.nat({ max: PRODUCTS }) }),
  fc.record({ kind: fc.constant("new rule" as const), rule }),
  fc.record({ kind: fc.constant("rule gone" as const), n: fc.nat({ max: 1 }) }),
  fc.record({ kind: fc.constant("category" as const), n: fc.nat({ max: 2 }) }),
);

type Step = { world: World; told: CatalogChange[] };

/** A change as the use cases make it: in one step, or for a rule in two, the order following the prices. */
function steps(world: World, change: Change): Step[] {
  switch (change.kind) {
    case "product":
      return [changeProduct(world, change.n, change.content)];
    case "stock": {
      const item = world.items.get(ProductId.parse(`prd_${change.n}`));
      if (!item) return [];
      const items = new Map(world.items);
      items.set(item.productId, { ...item, inStock: !item.inStock });
      return [{ world: { ...world, items }, told: [{ type: "stock", productId: item.productId }] }];
    }
    case "category": {
      const categories = world.categories.map((category, n) =>
        n === change.n ? { ...category, title: "a new title" } : category,
      );
      const categoryId = categoryIds[change.n]!;
      return [{ world: { ...world, categories }, told: [{ type: "category", categoryId }] }];
    }
    case "new rule":
      if (world.rules.some(({ id }) => id === change.rule.id)) return [];
      return changeRules(world, change.rule, [...world.rules, change.rule]);
    case "rule gone": {
      const gone = world.rules[change.n];
      if (!gone) return [];
      return changeRules(
        world,
        gone,
        world.rules.filter((each) => each !== gone),
      );
    }
  }
}

function changeProduct(world: World, n: number, of: Content | undefined): Step {
  const productId = ProductId.parse(`prd_${n}`);
  const items = new Map(world.items);
  if (of) items.set(productId, itemOf(n, of));
  else items.delete(productId);
  const after = settle({ ...world, items });
  const shelves = { before: world.items.get(productId), after: after.items.get(productId) };
  return { world: after, told: [{ type: "product", productId, ...shelves }] };
}

function changeRules(world: World, changed: PriceRule, rules: PriceRule[]): Step[] {
  const { id: ruleId, target, targetId } = changed;
  const shownAnew = { ...world, rules };
  const moved = settle(shownAnew);
  const told = [...moved.items.values()].flatMap((after): CatalogChange[] => {
    const before = world.items.get(after.productId)!;
    return before.sortPriceMinor === after.sortPriceMinor
      ? []
      : [{ type: "price_order", before, after }];
  });
  return [
    { world: shownAnew, told: [{ type: "price_rule", ruleId, target, targetId }] },
    { world: moved, told },
  ];
}

describe("tagsOf", () => {
  it("reaches every page that a change makes different", () => {
    let different = 0;
    fc.assert(
      fc.property(worlds, changes, (first, change) => {
        let before = first;
        for (const { world: after, told } of steps(first, change)) {
          const purged = new Set(told.flatMap(tagsOf));
          for (const page of pagesOf(before, LISTS)) {
            const [was, is] = [render(before, page), render(after, page)];
            // A page that was not there is not kept, so nobody has an old one.
            if (!was || was.body === is?.body) continue;
            different += 1;
            const isReached = was.tags.some((tag) => purged.has(tag));
            expect(isReached, `${change.kind}: ${JSON.stringify(page)}`).toBe(true);
          }
          before = after;
        }
      }),
      { numRuns: 300 },
    );
    // Else the property would hold of nothing.
    expect(different).toBeGreaterThan(1_000);
  });

  it("writes tags that the feed takes, and carries none twice on a page", () => {
    fc.assert(
      fc.property(worlds, changes, (first, change) => {
        for (const { world, told } of steps(first, change)) {
          expect(told.flatMap(tagsOf).filter((tag) => !isTag(tag))).toEqual([]);
          for (const page of pagesOf(world, LISTS.slice(0, 20))) {
            const tags = render(world, page)?.tags ?? [];
            expect(tags.filter((tag) => !isTag(tag))).toEqual([]);
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("says nothing of products that nobody can see, before or after", () => {
    const hidden = itemOf(1, {
      published: false,
      title: "a",
      vendorKey: "acme",
      typeKey: "tent",
      tagKeys: [],
      categoryIds: [],
      priceMinor: 10,
      inStock: true,
    });
    const { productId } = hidden;
    const after = { ...hidden, title: "b" };
    expect(tagsOf({ type: "product", productId, before: hidden, after })).toEqual([]);
  });
});
