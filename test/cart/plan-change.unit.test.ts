import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type CartChange,
  LINES_MAX,
  ownerFromName,
  ownerName,
  type SkuFacts,
  type StoredCart,
} from "../../src/cart/model.ts";
import { planChange as planWith } from "../../src/cart/plan-change.ts";
import { emptyCart, type FactsBySku, priceCart as priceWith } from "../../src/cart/price-cart.ts";
import { withoutBought } from "../../src/cart/without-bought.ts";
import { NO_OFFERS } from "../../src/promotions/index.ts";
import { CartId, LineId, ProductId, Sku, VariantId, VoucherId } from "../../src/shared/ids.ts";
import { MINOR_MAX } from "../../src/shared/money.ts";

const sku = (text: string) => Sku.parse(text);
const line = (n: number | string) => LineId.parse(`lin_${n}`);
const NEW_LINE = line("new");

type Offered = Partial<NonNullable<SkuFacts["variant"]>> & {
  available?: number;
  backorder?: boolean;
};

const offered = (name: string, { available = 10, backorder = false, ...rest }: Offered = {}) => ({
  sku: sku(name),
  variant: {
    variantId: VariantId.parse("var_1"),
    productId: ProductId.parse("prd_1"),
    categoryIds: [],
    productHandle: "tent",
    title: "Tent",
    priceMinor: 1000,
    currency: "USD",
    published: true,
    ...rest,
  },
  available,
  backorder,
});
const facts = (...known: SkuFacts[]) => new Map(known.map((each) => [each.sku as string, each]));

/** Codes have tests of their own. */
const planChange = (cart: StoredCart, change: CartChange, known: FactsBySku, id: LineId) =>
  planWith(cart, change, known, id, NO_OFFERS);
const priceCart = (cart: StoredCart, known: FactsBySku) => priceWith(cart, known, NO_OFFERS);

const cartOf = (...lines: [string, number][]): StoredCart => ({
  cartId: CartId.parse("crt_1"),
  version: 4,
  currency: "USD",
  mode: "standard",
  postalCode: null,
  lines: lines.map(([name, quantity], n) => ({ lineId: line(n), sku: sku(name), quantity })),
  coupons: [],
  vouchers: [],
});
const add = (name: string, quantity: number): CartChange => ({
  kind: "add",
  sku: sku(name),
  quantity,
});
const set = (n: number, quantity: number): CartChange => ({
  kind: "set",
  lineId: line(n),
  quantity,
});

describe("planChange", () => {
  it("makes a line for a new SKU and raises the version", () => {
    const planned = planChange(cartOf(), add("A", 2), facts(offered("A")), NEW_LINE);
    expect(planned).toMatchObject({
      ok: true,
      value: {
        cart: { version: 5, lines: [{ lineId: NEW_LINE, sku: "A", quantity: 2 }] },
        view: { version: 5, totals: { total: { amount: 2000, currency: "USD" } } },
      },
    });
  });

  it("adds to the line that the SKU has already, and keeps its id and place", () => {
    const known = facts(offered("A"), offered("B"));
    const planned = planChange(cartOf(["A", 2], ["B", 1]), add("A", 3), known, NEW_LINE);
    expect(planned).toMatchObject({
      value: { cart: { lines: [{ lineId: line(0), sku: "A", quantity: 5 }, { sku: "B" }] } },
    });
  });

  it("counts what is in the cart already against the stock", () => {
    const known = facts(offered("A", { available: 4 }));
    expect(planChange(cartOf(["A", 2]), add("A", 3), known, NEW_LINE)).toEqual({
      ok: false,
      error: { code: "insufficient_stock", available: 4 },
    });
    expect(planChange(cartOf(["A", 2]), add("A", 2), known, NEW_LINE).ok).toBe(true);
  });

  it("sells beyond the stock where backorders are allowed, up to the limit of a line", () => {
    const known = facts(offered("A", { available: 0, backorder: true }));
    expect(planChange(cartOf(), add("A", 999), known, NEW_LINE).ok).toBe(true);
    expect(planChange(cartOf(["A", 1]), add("A", 999), known, NEW_LINE)).toEqual({
      ok: false,
      error: { code: "quantity_limit", max: 999 },
    });
  });

  it.each([
    ["that does not exist", { ...offered("A"), variant: null }],
    ["that is not published", offered("A", { published: false })],
    ["in another currency", offered("A", { currency: "EUR" })],
  ])("does not take a SKU %s", (_, known) => {
    expect(planChange(cartOf(), add("A", 1), facts(known), NEW_LINE)).toEqual({
      ok: false,
      error: { code: "sku_unknown" },
    });
  });

  it("removes a line at quantity 0, also one that cannot be bought any more", () => {
    const known = facts({ ...offered("A"), variant: null });
    const planned = planChange(cartOf(["A", 2]), set(0, 0), known, NEW_LINE);
    expect(planned).toMatchObject({ ok: true, value: { cart: { lines: [] } } });
    expect(planChange(cartOf(["A", 2]), set(0, 1), known, NEW_LINE)).toMatchObject({
      error: { code: "insufficient_stock", available: 0 },
    });
  });

  it("does not know a line of another cart", () => {
    expect(planChange(cartOf(), set(7, 1), facts(), NEW_LINE)).toEqual({
      ok: false,
      error: { code: "line_unknown" },
    });
  });

  it("ends at a hundred lines, but goes on adding to those", () => {
    const names = Array.from({ length: LINES_MAX }, (_, n) => `S${n}`);
    const full = cartOf(...names.map((name): [string, number] => [name, 1]));
    const known = facts(...[...names, "A"].map((name) => offered(name)));
    expect(planChange(full, add("A", 1), known, NEW_LINE)).toEqual({
      ok: false,
      error: { code: "line_limit", max: LINES_MAX },
    });
    expect(planChange(full, add("S7", 1), known, NEW_LINE).ok).toBe(true);
  });

  it("38 · refuses a total that no processor would take, where integers are still exact", () => {
    const known = facts(offered("A", { priceMinor: MINOR_MAX }), offered("B"));
    expect(planChange(cartOf(), add("A", 1), known, NEW_LINE).ok).toBe(true);
    expect(planChange(cartOf(), add("A", 2), known, NEW_LINE)).toMatchObject({
      error: { code: "total_limit" },
    });
    expect(planChange(cartOf(["A", 1]), add("B", 1), known, NEW_LINE)).toMatchObject({
      error: { code: "total_limit" },
    });
  });
});

describe("priceCart", () => {
  it("shows a line that cannot be bought, with its problem, outside the total", () => {
    const known = facts(
      offered("A"),
      offered("B", { published: false }),
      offered("C", { available: 1 }),
    );
    const view = priceCart(cartOf(["A", 1], ["B", 1], ["C", 2], ["D", 1]), known);
    expect(view).toMatchObject({
      ok: true,
      value: {
        lines: [
          { sku: "A", total: { amount: 1000 }, problems: [] },
          { sku: "B", title: "Tent", total: { amount: 0 }, problems: [{ code: "unavailable" }] },
          { sku: "C", problems: [{ code: "insufficient_stock", available: 1 }] },
          { sku: "D", variantId: null, unitPrice: null, problems: [{ code: "unavailable" }] },
        ],
        totals: { subtotal: { amount: 3000 }, total: { amount: 3000 } },
        problems: [
          { code: "unavailable", sku: "B" },
          { code: "insufficient_stock", sku: "C", available: 1 },
          { code: "unavailable", sku: "D" },
        ],
      },
    });
  });

  it("adds up to the sum of its lines, exactly", () => {
    const priced = fc.tuple(
      fc.integer({ min: 0, max: 9_999_999 }),
      fc.integer({ min: 1, max: 999 }),
    );
    fc.assert(
      fc.property(fc.array(priced, { maxLength: LINES_MAX }), (rows) => {
        const cart = cartOf(
          ...rows.map(([, quantity], n): [string, number] => [`S${n}`, quantity]),
        );
        const known = rows.map(([priceMinor], n) => offered(`S${n}`, { priceMinor }));
        const view = priceCart(cart, facts(...known));
        const exact = rows.reduce((sum, [price, n]) => sum + BigInt(price) * BigInt(n), 0n);
        if (exact > BigInt(MINOR_MAX)) return expect(view.ok).toBe(false);
        if (!view.ok) throw new Error("refused a total within the limit");
        const { lines, totals } = view.value;
        expect(BigInt(totals.total.amount)).toBe(exact);
        expect(lines.reduce((sum, { total }) => sum + total.amount, 0)).toBe(
          totals.subtotal.amount,
        );
      }),
    );
  });

  it("shows a shopper without a cart an empty one that is nowhere stored", () => {
    expect(emptyCart("JPY")).toMatchObject({
      id: null,
      version: 0,
      lines: [],
      totals: { total: { amount: 0, currency: "JPY" } },
    });
  });
});

describe("withoutBought", () => {
  const cart = cartOf(["A", 5], ["B", 2], ["C", 1]);
  const left = (...lines: { sku: string; quantity: number }[]) =>
    withoutBought(cart, { lines, coupons: [], vouchers: [] }).lines;

  it("takes exactly what was bought; later additions stay", () => {
    const rest = left({ sku: "A", quantity: 2 }, { sku: "B", quantity: 2 });
    expect(rest.map((each) => [each.sku, each.quantity])).toEqual([
      ["A", 3],
      ["C", 1],
    ]);
  });

  it("does not miss what the shopper took out meanwhile", () => {
    const rest = left({ sku: "C", quantity: 4 }, { sku: "gone", quantity: 1 });
    expect(rest.map((each) => each.sku)).toEqual(["A", "B"]);
  });

  it("takes out the codes that were used up, and no other", () => {
    const [used, kept] = ["vou_1", "vou_2"].map((id) => VoucherId.parse(id));
    const coupons = ["USED", "KEPT"];
    const vouchers = [used!, kept!].map((voucherId) => ({ voucherId, mask: "••••AAAA" }));
    const bought = { lines: [], coupons: ["USED", "GONE"], vouchers: [used!] };
    const rest = withoutBought({ ...cart, coupons, vouchers }, bought);
    expect(rest.coupons).toEqual(["KEPT"]);
    expect(rest.vouchers.map(({ voucherId }) => voucherId)).toEqual([kept]);
  });
});

describe("ownerName", () => {
  it.each([
    { kind: "guest" as const, tokenHash: "ab12" },
    { kind: "user" as const, userId: "usr_1:2" },
  ])("names %j, and the name leads back", (owner) => {
    expect(ownerFromName(ownerName(owner))).toEqual(owner);
  });

  it("is not made from anything else", () => {
    expect(() => ownerFromName("admin:1")).toThrow();
    expect(() => ownerFromName("guest:")).toThrow();
  });
});
