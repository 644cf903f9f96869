import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { publishCatalogEvents, setInStock } from "../../src/catalog/index.ts";
import type { CategoryList, Product, ProductList } from "../../src/catalog/model.ts";
import { Sku } from "../../src/shared/ids.ts";
import { csv, openShop, type Row, unique } from "./shop.ts";

const item = (handle: string, title: string, price: string, others: Row = {}): Row => ({
  Handle: handle,
  Title: title,
  "Variant Price": price,
  "Variant SKU": handle,
  "Variant Inventory Qty": 1,
  ...others,
});

/** Five products under a vendor of this test's own. */
async function stocked() {
  const shop = openShop();
  const vendor = unique();
  const titles = ["Éclair tin", "apron", "Bowl", "bowl", "Zester"];
  const prices = ["5.00", "30.00", "12.50", "12.50", "8.00"];
  await shop.importCsv(
    csv(
      titles.map((title, at) =>
        item(`${vendor}-${at}`, title, prices[at]!, {
          Vendor: vendor,
          Type: at < 2 ? "Linen" : "Tools",
          Tags: at === 2 ? `Gift, ${vendor}` : "gift",
          Collection: at % 2 ? "Odd" : `Even ${vendor}`,
        }),
      ),
    ),
  );
  const handles = async (query: string) => {
    const { body } = await shop.get<ProductList>(`/api/v2/products?vendor=${vendor}&${query}`);
    return body.items.map(({ handle }) => Number(handle.slice(vendor.length + 1)));
  };
  return { shop, vendor, handles };
}

describe("GET /api/v2/products", () => {
  it("sorts by title, price and age, both ways", async ({ expect }) => {
    const { handles } = await stocked();
    expect(await handles("sort=price")).toEqual(expect.arrayContaining([0, 1, 2, 3, 4]));
    expect((await handles("sort=price")).filter((at) => at !== 2 && at !== 3)).toEqual([0, 4, 1]);
    expect((await handles("sort=-price"))[0]).toBe(1);
    const byTitle = await handles("sort=title");
    expect([byTitle[0], byTitle[3], byTitle[4]]).toEqual([1, 0, 4]);
    expect(await handles("sort=-title")).toEqual(byTitle.toReversed());
    expect(await handles("")).toEqual(byTitle);
    expect(await handles("sort=newest")).toHaveLength(5);
  });

  it("filters by category, type, tag and price, also together", async ({ expect }) => {
    const { handles, vendor } = await stocked();
    expect((await handles(`category=even-${vendor}`)).sort()).toEqual([0, 2, 4]);
    expect((await handles("type=Linen")).sort()).toEqual([0, 1]);
    expect(await handles("tag=GIFT")).toHaveLength(5);
    expect(await handles(`tag=${vendor}`)).toEqual([2]);
    expect((await handles("minPrice=800&maxPrice=1250")).sort()).toEqual([2, 3, 4]);
    expect(await handles(`category=even-${vendor}&type=Tools&maxPrice=800&tag=gift`)).toEqual([4]);
    expect(await handles("category=no-such")).toEqual([]);
  });

  it.for(["title", "-title", "price", "-price", "newest"])(
    "pages by %s without a gap or a repeat, though products change meanwhile",
    async (sort, { expect }) => {
      const { shop, vendor, handles } = await stocked();
      const whole = await handles(`sort=${sort}`);
      const seen: number[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const path: string = `/api/v2/products?vendor=${vendor}&sort=${sort}&limit=2${cursor && `&cursor=${cursor}`}`;
        const { body } = await shop.get<ProductList>(path);
        seen.push(...body.items.map(({ handle }) => Number(handle.slice(vendor.length + 1))));
        if (cursor === "") {
          // The page behind us loses its first product: a counted offset would now skip one.
          const gone = {
            ...item(`${vendor}-${whole[0]}`, "Gone", "1.00", { Vendor: vendor }),
            Status: "draft",
          };
          await shop.importCsv(csv([gone]));
        }
        cursor = body.nextCursor;
      }
      expect(seen).toEqual(whole);
    },
  );

  it("refuses what it does not understand, by pointer", async ({ expect }) => {
    const { shop, vendor } = await stocked();
    const { body } = await shop.get<ProductList>(`/api/v2/products?vendor=${vendor}&limit=2`);
    const refused = [
      ["sort=cheapest", "/query/sort"],
      ["limit=0", "/query/limit"],
      ["limit=101", "/query/limit"],
      ["limit=ten", "/query/limit"],
      ["minPrice=-1", "/query/minPrice"],
      ["minPrice=1.5", "/query/minPrice"],
      ["minPrice=500&maxPrice=400", "/query/maxPrice"],
      ["vendor=", "/query/vendor"],
      ["vendor=a&vendor=b", "/query/vendor"],
      ["currency=EUR", "/query/currency"],
      ["locale=xx", "/query/locale"],
      ["cursor=!!", "/query/cursor"],
      ["cursor=W10", "/query/cursor"],
      [`vendor=other&cursor=${body.nextCursor}`, "/query/cursor"],
      [`vendor=${vendor}&sort=price&cursor=${body.nextCursor}`, "/query/cursor"],
    ] as const;
    for (const [query, pointer] of refused) {
      const answer = await shop.get<{ errors: { pointer: string }[] }>(`/api/v2/products?${query}`);
      expect([query, answer.status, answer.body.errors?.[0]?.pointer]).toEqual([
        query,
        422,
        pointer,
      ]);
    }
    expect(
      (await shop.request(`/api/v2/products?vendor=${vendor}&currency=USD&locale=en`)).status,
    ).toBe(200);
  });

  it("is public, revalidated by ETag, and few round trips", async ({ expect }) => {
    const { shop, vendor } = await stocked();
    const path = `/api/v2/products?vendor=${vendor}&limit=100`;
    const { response, body } = await shop.get<ProductList>(path);
    expect(body.items[0]).toMatchObject({ inStock: true, priceFrom: { currency: "USD" } });
    expect(response.headers.get("X-Cache")).toBe("miss");
    expect(Number(response.headers.get("X-Round-Trips"))).toBeLessThanOrEqual(3);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=0, must-revalidate");
    expect(response.headers.get("CDN-Cache-Control")).toBe("public, max-age=0, must-revalidate");
    expect(response.headers.get("X-Cache")).toBe("miss");
    const etag = response.headers.get("ETag")!;
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const again = await shop.request(path, { headers: { "If-None-Match": `"x", W/${etag}` } });
    expect([again.status, await again.text(), again.headers.get("ETag")]).toEqual([304, "", etag]);
    await shop.patch(`${vendor}-0`, { price: { amount: 1, currency: "USD" } });
    shop.moveToNewIsolate();
    expect((await shop.request(path, { headers: { "If-None-Match": etag } })).status).toBe(200);
  });
});

describe("GET /api/v2/products/{handle}", () => {
  it("hides what is not published", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    await shop.importCsv(csv([item(handle, "Secret", "1.00", { Published: false })]));
    expect((await shop.get(`/api/v2/products/${handle}`)).status).toBe(404);
    expect((await shop.get(`/api/v1/products/${handle}`)).status).toBe(404);
    const list = await shop.get<ProductList>(`/api/v2/products?tag=${handle}`);
    expect(list.body.items).toEqual([]);
  });

  it("answers without its description while the documents are away, and says nobody may keep that", async ({
    expect,
  }) => {
    const handle = unique();
    const words = { "Body (HTML)": "<p>Words</p>" };
    await openShop().importCsv(csv([item(handle, "Lamp", "1.00", words)]));
    const broken = openShop({ NEON_ENDPOINT: "http://127.0.0.1:9/sql" });
    const without = await broken.get<Product>(`/api/v2/products/${handle}`);
    expect(without.status).toBe(200);
    expect(without.body).toMatchObject({ title: "Lamp", descriptionHtml: "", attributes: {} });
    expect(without.response.headers.get("Cache-Control")).toBe("no-store");
    expect(without.response.headers.has("ETag")).toBe(false);
    const whole = await openShop().get<Product>(`/api/v2/products/${handle}`);
    expect(whole.body.descriptionHtml).toBe("<p>Words</p>");
  });

  it("shows stock as inventory last told it", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    const sizes = ["S", "M"].map((size, at) =>
      item(handle, at ? "" : "Tee", "1.00", {
        "Option1 Name": "Size",
        "Option1 Value": size,
        "Variant SKU": `${handle}-${size}`,
      }),
    );
    await shop.importCsv(csv(sizes));
    const stock = async () => {
      const { body } = await shop.get<Product>(`/api/v2/products/${handle}`);
      const list = await shop.get<ProductList>(`/api/v2/products?sort=newest&limit=100`);
      const summary = list.body.items.find((each) => each.handle === handle);
      return [summary?.inStock, ...body.variants.map(({ inStock }) => inStock)];
    };
    expect(await stock()).toEqual([true, true, true]);
    const tell = async (size: string, inStock: boolean, version: number) => {
      const sku = Sku.parse(`${handle}-${size}`);
      const events = await setInStock(shop.io, sku, { inStock, version });
      await publishCatalogEvents(shop.io, shop.bindings(), events);
      shop.moveToNewIsolate();
    };
    await tell("S", false, 1);
    expect(await stock()).toEqual([true, false, true]);
    await tell("M", false, 1);
    expect(await stock()).toEqual([false, false, false]);
    await tell("M", true, 3);
    expect(await stock()).toEqual([true, false, true]);
    // A statement that timed out arrives late; an import in between forgets no version.
    await shop.importCsv(csv(sizes.map((row) => ({ ...row, "Variant Price": "2.00" }))));
    await tell("M", false, 2);
    expect(await stock()).toEqual([true, false, true]);
  });

  it("answers the first version in its own shape", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    await shop.importCsv(csv([item(handle, "Lamp", "1234.5", { Vendor: handle })]));
    const { body } = await shop.get(`/api/v1/products/${handle}`);
    expect(body).toMatchObject({
      name: "Lamp",
      price: "1234.50",
      currency: "USD",
      available: true,
    });
    const list = await shop.get<{ products: unknown[] }>(`/api/v1/products?vendor=${handle}`);
    expect(list.body).toMatchObject({ products: [{ handle, price: "1234.50" }], next: null });
  });
});

describe("GET /api/v2/categories", () => {
  it("lists those with published products, page by page, and finds one", async ({ expect }) => {
    const shop = openShop();
    const name = unique();
    const collections = [`${name} b`, `${name} a`, `${name} hidden`];
    const rows = collections.map((Collection, at) =>
      item(`${name}-${at}`, "Thing", "1.00", { Collection, Published: at < 2 }),
    );
    await shop.importCsv(csv(rows));
    const titles: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = `/api/v2/categories?limit=1${cursor && `&cursor=${cursor}`}`;
      const { body } = await shop.get<CategoryList>(path);
      titles.push(...body.items.map(({ title }) => title));
      cursor = body.nextCursor;
    }
    expect(titles.filter((title) => title.startsWith(name))).toEqual([`${name} a`, `${name} b`]);
    expect(new Set(titles).size).toBe(titles.length);
    const one = await shop.get(`/api/v2/categories/${name}-a`);
    expect(one.body).toMatchObject({ handle: `${name}-a`, title: `${name} a` });
    expect((await shop.get("/api/v2/categories/no-such")).status).toBe(404);
    expect((await shop.get("/api/v2/categories?cursor=x")).status).toBe(422);
  });
});

describe("PATCH /ops/v1/variants/{sku}", () => {
  const usd = (amount: number) => ({ amount, currency: "USD" });

  it("changes the price and what lists show; a file puts its own price back", async ({
    expect,
  }) => {
    const shop = openShop();
    const handle = unique();
    const file = csv([item(handle, "Lamp", "20.00", { Vendor: handle })]);
    await shop.importCsv(file);
    const answer = await shop.patch(handle, { price: usd(1500), compareAtPrice: usd(2000) });
    expect([answer.status, await answer.json()]).toMatchObject([200, { priceFrom: usd(1500) }]);
    const { body } = await shop.get<ProductList>(`/api/v2/products?vendor=${handle}`);
    expect(body.items).toMatchObject([{ priceFrom: usd(1500), compareAtFrom: usd(2000) }]);
    await shop.patch(handle, { compareAtPrice: null });
    shop.moveToNewIsolate();
    const after = await shop.get<ProductList>(`/api/v2/products?vendor=${handle}`);
    expect(after.body.items[0]?.compareAtFrom).toBeUndefined();
    expect((await shop.importCsv(file)).body).toMatchObject({ updated: 1, skipped: 0 });
    const page = await shop.get<Product>(`/api/v2/products/${handle}`);
    expect(page.body.variants[0]?.price).toEqual(usd(2000));
  });

  it("refuses an unknown SKU, another currency, and what is no price", async ({ expect }) => {
    const shop = openShop();
    const handle = unique();
    await shop.importCsv(csv([item(handle, "Lamp", "20.00")]));
    const refused = [
      [`${handle}-no`, { price: usd(1) }, 404, "/problems/sku-unknown"],
      [handle.toUpperCase(), { price: usd(1) }, 404, "/problems/sku-unknown"],
      [handle, { price: { amount: 1, currency: "EUR" } }, 422, "/problems/request-invalid"],
      [handle, { price: usd(-1) }, 422, "/problems/request-invalid"],
      [handle, { price: usd(1.5) }, 422, "/problems/request-invalid"],
      [handle, { price: null }, 422, "/problems/request-invalid"],
      [handle, {}, 422, "/problems/request-invalid"],
      [handle, { price: usd(1), version: 9 }, 422, "/problems/request-invalid"],
    ] as const;
    for (const [sku, body, status, type] of refused) {
      const answer = await shop.patch(sku, body);
      expect([body, answer.status, (await answer.json<{ type: string }>()).type]).toEqual([
        body,
        status,
        type,
      ]);
    }
    const page = await shop.get<Product>(`/api/v2/products/${handle}`);
    expect(page.body.variants[0]?.price).toEqual(usd(2000));
  });
});

describe("media", () => {
  const svg = (color: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg"><rect fill="${color}"/></svg>`;
  const put = (
    shop: ReturnType<typeof openShop>,
    name: string,
    body: string | Uint8Array,
    type = "image/svg+xml",
  ) =>
    shop.request(`/ops/v1/media/${name}`, {
      method: "PUT",
      headers: { "Content-Type": type },
      body,
    });

  it("keeps an image for ever under its name, and serves it harmless", async ({ expect }) => {
    const shop = openShop();
    const name = `${unique()}.svg`;
    expect((await put(shop, name, svg("red"))).status).toBe(200);
    expect((await put(shop, name, svg("red"))).status).toBe(200);
    expect((await put(shop, name, svg("blue"))).status).toBe(422);
    const image = await shop.request(`/media/${name}`);
    expect(await image.text()).toBe(svg("red"));
    expect(image.headers.get("Content-Type")).toBe("image/svg+xml");
    expect(image.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(image.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    const etag = image.headers.get("ETag")!;
    const again = await shop.request(`/media/${name}`, { headers: { "If-None-Match": etag } });
    expect(again.status).toBe(304);
  });

  it("stores the bytes as they came, also with an Idempotency-Key", async ({ expect }) => {
    const shop = openShop();
    const name = `${unique()}.png`;
    const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0xff, 0xfe, 0, 0xc3]);
    const answer = await shop.request(`/ops/v1/media/${name}`, {
      method: "PUT",
      headers: { "Content-Type": "image/png", "Idempotency-Key": name },
      body: bytes,
    });
    expect(answer.status).toBe(200);
    const object = await env.MEDIA.get(name);
    expect(new Uint8Array(await object!.arrayBuffer())).toEqual(bytes);
  });

  it("refuses names and contents that are not images", async ({ expect }) => {
    const shop = openShop();
    const refused = [
      ["..%2Fsecret.svg", svg("red"), "image/svg+xml"],
      ["page.html", "<html>", "text/html"],
      ["UPPER.svg", svg("red"), "image/svg+xml"],
      [`${unique()}.png`, "not a png", "image/png"],
      [`${unique()}.svg`, svg("red"), "text/html"],
      [`${unique()}.svg`, "<html><script>1</script></html>", "image/svg+xml"],
    ] as const;
    for (const [name, body, type] of refused) {
      expect([name, (await put(shop, name, body, type)).status]).toEqual([name, 422]);
    }
    const large = await put(shop, `${unique()}.svg`, svg("r".repeat(5 * 1024 * 1024)));
    expect(large.status).toBe(413);
    expect((await shop.request("/media/no-such.svg")).status).toBe(404);
    expect((await shop.request("/media/..%2F..%2Fetc")).status).toBe(404);
  });
});
