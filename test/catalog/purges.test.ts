import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { publishCatalogEvents, setInStock, sweepCatalogOutbox } from "../../src/catalog/index.ts";
import type { Product, ProductList } from "../../src/catalog/model.ts";
import { movePriceOrder } from "../../src/catalog/move-price-order.ts";
import { products } from "../../src/catalog/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { Sku } from "../../src/shared/ids.ts";
import { call, ownSku, sell } from "../support/worker-shop.ts";
import { csv, openShop, type Row, unique } from "./shop.ts";

const usd = (amount: number) => ({ amount, currency: "USD" });

/** Two products that share nothing, and the pages that show the one or the other. */
async function twoProducts() {
  const shop = openShop();
  const [a, b] = [unique(), unique()];
  const row = (handle: string, others: Row = {}): Row => ({
    Handle: handle,
    Title: `Thing ${handle}`,
    Vendor: `Vendor ${handle}`,
    Type: `Type ${handle}`,
    Tags: `tag ${handle}`,
    Collection: `Shelf ${handle}`,
    "Variant Price": "20.00",
    "Variant SKU": handle,
    "Variant Inventory Qty": 1,
    ...others,
  });
  const importRows = (...rows: Row[]) => shop.importCsv(csv(rows));
  await importRows(row(a), row(b));
  const pagesOf = (handle: string) => [
    `/api/v2/products/${handle}`,
    `/api/v1/products/${handle}`,
    `/api/v2/products?vendor=Vendor ${handle}`,
    `/api/v1/products?type=Type ${handle}`,
    `/api/v2/products?tag=tag ${handle}&sort=newest`,
    `/api/v2/products?category=shelf-${handle}&sort=price`,
    `/api/v2/categories/shelf-${handle}`,
  ];
  const pages = [...pagesOf(a), ...pagesOf(b)];
  const names = [...["page", "v1", "vendor", "type", "tag", "shelf", "category"]];
  /** The pages that have to be made anew, as `a page`, `b vendor`; all are kept after it. */
  const madeAnew = async () => {
    shop.moveToNewIsolate();
    const anew: string[] = [];
    for (const [at, path] of pages.entries()) {
      const response = await shop.request(path);
      await response.arrayBuffer();
      const from = response.headers.get("X-Cache") ?? response.status;
      const name = `${at < names.length ? "a" : "b"} ${names[at % names.length]}`;
      if (from !== "hit-pop") anew.push(from === "miss" ? name : `${name} ${from}`);
    }
    return anew;
  };
  const all = (who: string) => names.map((name) => `${who} ${name}`);
  expect(await madeAnew()).toEqual([...all("a"), ...all("b")]);
  expect(await madeAnew()).toEqual([]);
  return { shop, a, b, row, importRows, madeAnew, aSku: Sku.parse(a) };
}

const SHOWS_A = ["a page", "a v1", "a vendor", "a type", "a tag", "a shelf"];

type Rule = { id: string; purge?: { position: number; effectiveBy: string } };

const post = async (shop: ReturnType<typeof openShop>, body: object) => {
  const response = await shop.request("/ops/v1/price-rules", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ title: "Sale", kind: "percentage", value: 50, ...body }),
  });
  return { status: response.status, body: await response.json<Rule>() };
};
const withdraw = (shop: ReturnType<typeof openShop>, id: string) =>
  shop.request(`/ops/v1/price-rules/${id}`, { method: "DELETE" });

const idsOf = async ({ io }: ReturnType<typeof openShop>, handle: string) =>
  (await io.sql.select({ id: products.id }).from(products).where(eq(products.handle, handle)))[0]!
    .id;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a change purges the pages that show it, and no others:", () => {
  it("a price, whose answer says by when", async () => {
    const { shop, a, madeAnew } = await twoProducts();
    const answer = await shop.patch(a, { price: usd(1_500) });
    const { purge } = await answer.json<Rule>();
    expect(Date.parse(purge!.effectiveBy) - Date.now()).toBeLessThanOrEqual(1_000);
    expect(await madeAnew()).toEqual(SHOWS_A);
    const { body } = await shop.get<Product>(`/api/v2/products/${a}`);
    expect(body.variants[0]?.price).toEqual(usd(1_500));
  });

  it("an import that changes one product, by what it changes; one that changes nothing, none", async () => {
    const { a, b, row, importRows, madeAnew } = await twoProducts();
    await importRows(row(a), row(b));
    expect(await madeAnew()).toEqual([]);
    await importRows(row(a, { Title: "Another title" }), row(b));
    expect(await madeAnew()).toEqual(SHOWS_A);
  });

  it("publication, both ways", async () => {
    const { a, row, importRows, madeAnew, shop } = await twoProducts();
    await importRows(row(a, { Published: false }));
    expect(await madeAnew()).toEqual(["a page 404", "a v1 404", ...SHOWS_A.slice(2)]);
    const gone = await shop.get<ProductList>(`/api/v2/products?vendor=Vendor ${a}`);
    expect(gone.body.items).toEqual([]);
    await importRows(row(a));
    expect(await madeAnew()).toEqual(SHOWS_A);
  });

  it("membership of categories, in the one it leaves and the one it joins", async () => {
    const { a, b, row, importRows, madeAnew } = await twoProducts();
    await importRows(row(a, { Collection: `Shelf ${b}` }));
    expect(await madeAnew()).toEqual([...SHOWS_A, "b shelf"]);
    await importRows(row(a));
    expect(await madeAnew()).toEqual([...SHOWS_A, "b shelf"]);
  });

  it("stock that crosses zero, both ways", async () => {
    const { shop, aSku, madeAnew } = await twoProducts();
    for (const [version, inStock] of [false, true].entries()) {
      const events = await setInStock(shop.io, aSku, { inStock, version: version + 1 });
      await publishCatalogEvents(shop.io, shop.bindings(), events);
      expect(await madeAnew()).toEqual(SHOWS_A);
    }
  });

  it("stock that is sold out and received, by the time the operator's answer allows", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 1 });
    const inStock = async () => {
      const { body } = await call<Product>("GET", `/api/v2/products/${sku.toLowerCase()}`);
      return body.variants[0]?.inStock;
    };
    expect(await inStock()).toBe(true);
    for (const [delta, is] of [
      [-1, false],
      [2, true],
    ] as const) {
      const body = { delta, reason: "count" };
      expect((await call("POST", `/ops/v1/inventory/${sku}/movements`, { body })).status).toBe(200);
      await scheduler.wait(1_000);
      expect(await inStock()).toBe(is);
    }
  });

  it.for(["product", "category"])("a price rule on a %s, made and withdrawn", async (target) => {
    const { shop, a, madeAnew } = await twoProducts();
    const productId = await idsOf(shop, a);
    const category = await shop.get<{ id: string }>(`/api/v2/categories/shelf-${a}`);
    const targetId = target === "product" ? productId : category.body.id;
    const made = await post(shop, { target, targetId });
    expect([made.status, made.body.purge?.position]).toEqual([201, expect.any(Number)]);
    expect(await madeAnew()).toEqual(SHOWS_A);
    const { body } = await shop.get<Product>(`/api/v2/products/${a}`);
    expect(body.variants[0]).toMatchObject({ price: usd(1_000), compareAtPrice: usd(2_000) });
    const list = await shop.get<ProductList>(`/api/v2/products?vendor=Vendor ${a}`);
    expect(list.body.items[0]).toMatchObject({
      priceFrom: usd(1_000),
      compareAtFrom: usd(2_000),
    });
    expect((await withdraw(shop, made.body.id)).status).toBe(200);
    expect(await madeAnew()).toEqual(SHOWS_A);
    const after = await shop.get<Product>(`/api/v2/products/${a}`);
    expect(after.body.variants[0]?.price).toEqual(usd(2_000));
    expect((await withdraw(shop, made.body.id)).status).toBe(404);
  });
});

describe("a price rule", () => {
  it("changes pages at its start and its end, though nobody purges them", async () => {
    const { shop, a } = await twoProducts();
    const fromMs = Date.now() + 1_500;
    const untilMs = fromMs + 1_500;
    const targetId = await idsOf(shop, a);
    const times = {
      startsAt: new Date(fromMs).toISOString(),
      endsAt: new Date(untilMs).toISOString(),
    };
    await post(shop, { target: "product", targetId, ...times });
    shop.moveToNewIsolate();
    const seen = async () => {
      const { response, body } = await shop.get<Product>(`/api/v2/products/${a}`);
      return [body.variants[0]?.price.amount, response.headers.get("X-Cache")];
    };
    const at = (ms: number) => scheduler.wait(Math.max(0, ms - Date.now()));
    expect(await seen()).toEqual([2_000, "miss"]);
    expect(await seen()).toEqual([2_000, "hit-memory"]);
    await at(fromMs + 5);
    expect(await seen()).toEqual([1_000, "miss"]);
    expect(await seen()).toEqual([1_000, "hit-memory"]);
    await at(untilMs + 5);
    expect(await seen()).toEqual([2_000, "miss"]);
  });

  it("moves products among prices by the clock, and purges the pages in that order alone", async () => {
    const { shop, a, b, row, importRows, madeAnew } = await twoProducts();
    const shelf = { Collection: `Shelf ${a}` };
    await importRows(row(b, { ...shelf, "Variant Price": "15.00" }));
    const order = async () => {
      const { body } = await shop.get<ProductList>(
        `/api/v2/products?category=shelf-${a}&sort=price`,
      );
      return body.items.map(({ handle }) => handle);
    };
    await madeAnew();
    expect(await order()).toEqual([b, a]);
    const targetId = await idsOf(shop, a);
    const { body: rule } = await post(shop, { target: "product", targetId });
    await madeAnew();
    expect(await order()).toEqual([b, a]);

    const settledToMs = Date.now() - 1_000;
    const moved = await movePriceOrder(shop.io, shop.bindings(), { settledToMs });
    expect(moved.progress.settledToMs).toBeGreaterThan(settledToMs);
    expect(await madeAnew()).toEqual(["a shelf"]);
    expect(await order()).toEqual([a, b]);
    const cheap = await shop.get<ProductList>(`/api/v2/products?category=shelf-${a}&maxPrice=1200`);
    expect(cheap.body.items.map(({ handle }) => handle)).toEqual([a]);

    await withdraw(shop, rule.id);
    await movePriceOrder(shop.io, shop.bindings(), moved.progress);
    await madeAnew();
    expect(await order()).toEqual([b, a]);
  });

  it("is followed by the price clock's alarm", async () => {
    const { shop, a } = await twoProducts();
    const targetId = await idsOf(shop, a);
    const sortPrice = async () => {
      const of = eq(products.handle, a);
      const [row] = await shop.io.sql.select().from(products).where(of);
      return row?.sortPriceMinor;
    };
    await post(shop, { target: "product", targetId, kind: "amount", value: 500 });
    const clock = env.PRICE_CLOCK.getByName("root");
    await clock.wakeAt(Date.now() + 60_000);
    await clock.wakeAt(Date.now() + 30_000);
    expect(await runDurableObjectAlarm(clock)).toBe(true);
    await vi.waitFor(async () => expect(await sortPrice()).toBe(1_500), { timeout: 5_000 });
  });
});

describe("the catalogue's outbox", () => {
  // Younger events are left to those who recorded them. Other tests' publishers count by their own clocks.
  const later = () => openIo(env, "later", undefined, { nowMs: () => Date.now() + 6_000 });
  const changeWithoutFeed = async ({
    shop,
    a,
    madeAnew,
  }: Awaited<ReturnType<typeof twoProducts>>) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    shop.feedDown(true);
    const answer = await shop.patch(a, { price: usd(1_500) });
    expect([answer.status, (await answer.json<Rule>()).purge]).toEqual([200, undefined]);
    shop.feedDown(false);
    expect(await madeAnew()).toEqual([]);
  };

  it("tells what the feed did not take, by the sweep", async () => {
    const world = await twoProducts();
    const { shop } = world;
    await changeWithoutFeed(world);
    expect((await sweepCatalogOutbox(later(), shop.bindings())).swept).toBeGreaterThan(0);
    expect(await world.madeAnew()).toEqual(SHOWS_A);
  });

  it("is emptied by whoever publishes next", async () => {
    const world = await twoProducts();
    const { shop, b } = world;
    await changeWithoutFeed(world);
    const events = await setInStock(shop.io, Sku.parse(b), { inStock: false, version: 1 });
    await publishCatalogEvents(later(), shop.bindings(), events);
    const showsB = SHOWS_A.map((name) => name.replace("a ", "b "));
    expect(await world.madeAnew()).toEqual([...SHOWS_A, ...showsB]);
  });
});

type Intercept = (
  url: URL,
  init: RequestInit | undefined,
  through: () => Promise<Response>,
) => Promise<Response>;

const realFetch = globalThis.fetch;

/** Stands between the shop and its databases. */
function intercept(answer: Intercept): void {
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    return answer(url, init, () => realFetch(input, init));
  });
}

const databaseUrl = (name: "MYSQL_URL" | "MYSQL_REPLICA_URL") =>
  new URL((env as unknown as Record<string, string>)[name]!);

/** A replica that, once told to, answers what it has answered before. The test's two are one database. */
function laggingReplica() {
  const url = databaseUrl("MYSQL_REPLICA_URL");
  const { host } = url;
  url.hostname = "replica.test";
  const answers = new Map<string, string>();
  const state = { url: url.href, lags: false, oldAnswers: 0 };
  intercept(async (asked, init, through) => {
    if (asked.hostname !== "replica.test") return through();
    const statement = String(init?.body);
    const old = answers.get(statement);
    if (state.lags && old !== undefined) {
      state.oldAnswers += 1;
      return new Response(old);
    }
    const response = await realFetch(Object.assign(asked, { protocol: "http:", host }), init);
    const text = await response.text();
    answers.set(statement, text);
    return new Response(text, response);
  });
  return state;
}

describe("pages while the database is not itself", () => {
  it("show the new price though the replica still has the old one", async () => {
    const { a } = await twoProducts();
    const replica = laggingReplica();
    // Its feed knows no purge yet, so it asks the replica.
    const shop = openShop({ MYSQL_REPLICA_URL: replica.url });
    const query = `products?vendor=Vendor ${a}`;
    const before = await shop.get<ProductList>(`/api/v2/${query}`);
    expect(before.body.items[0]?.priceFrom).toEqual(usd(2_000));
    replica.lags = true;
    await shop.patch(a, { price: usd(1_500) });
    shop.moveToNewIsolate();
    // Two pages of the same statement: one that was kept, one that never was.
    const kept = await shop.get<ProductList>(`/api/v2/${query}`);
    expect([kept.body.items[0]?.priceFrom, replica.oldAnswers]).toEqual([usd(1_500), 0]);
    const other = await shop.get<{ products: unknown[] }>(`/api/v1/${query}`);
    expect(other.body.products).toMatchObject([{ price: "15.00" }]);
    expect(replica.oldAnswers).toBe(1);
  });

  it("are served as they were, marked, while MySQL is down", async () => {
    const { shop, a } = await twoProducts();
    await shop.patch(a, { price: usd(1_500) });
    vi.spyOn(console, "error").mockImplementation(() => {});
    const hosts = [databaseUrl("MYSQL_URL").host, databaseUrl("MYSQL_REPLICA_URL").host];
    intercept(async ({ host }, _, through) => {
      if (hosts.includes(host)) throw new TypeError("connection refused");
      return through();
    });
    shop.moveToNewIsolate();
    for (const path of [`/api/v2/products/${a}`, `/api/v2/products?vendor=Vendor ${a}`]) {
      const { status, response } = await shop.get(path);
      const { headers } = response;
      expect([status, headers.get("X-Cache"), headers.get("Cache-Control")]).toEqual([
        200,
        "stale",
        "no-store",
      ]);
    }
    const unknown = await shop.request(`/api/v2/products/${unique()}`);
    expect(unknown.status).toBe(503);
  });
});
