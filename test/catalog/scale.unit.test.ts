import { drizzle } from "drizzle-orm/planetscale-serverless";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migrateMySql } from "../../local/migrations/migrate-mysql.ts";
import { readMigrations } from "../../local/migrations/migration-files.ts";
import { categoryIdOf } from "../../src/catalog/import/ids.ts";
import { listProducts, type ProductFilters } from "../../src/catalog/list-products.ts";
import type { Sort } from "../../src/catalog/model.ts";
import type { SqlSession } from "../../src/platform/sql/session.ts";
import { type ShopDatabase, startShopDatabase } from "../local/gateways/shop-database.ts";

const LARGE = 100_000;

type Shop = { database: ShopDatabase; session: SqlSession };

/** Products in two categories, with two tags, of ten vendors: half of all in the largest set of each kind. */
async function open(size: number): Promise<Shop> {
  const database = await startShopDatabase();
  const client = database.client();
  await migrateMySql(database.url, readMigrations("migrations/mysql"));
  const half = await categoryIdOf("half");
  const other = await categoryIdOf("other");
  // The engine's own sequence: a hundred thousand rows in a few statements.
  const keys = `CONCAT('Product ', LPAD(MOD(seq * 7919, 100003), 6, '0')) AS title,
    500 + MOD(seq * 104729, 20000) AS sort_price_minor, 1 AS published, seq AS created_at_ms`;
  await client.execute(`INSERT INTO products (id, handle, ${SORT_KEYS}, vendor, product_type,
      vendor_key, type_key, tags, currency, price_from_minor, image_alt, in_stock, variant_count,
      version, source_hash, updated_at_ms)
    SELECT CONCAT('prd_', seq), CONCAT('p-', seq), k.title, k.sort_price_minor, 1, seq, v, 'Lamp', v,
      'lamp', '["gift"]', 'USD', k.sort_price_minor, '', 1, 1, 1, '', 0
    FROM (SELECT seq, IF(seq % 2, 'acme', CONCAT('vendor ', seq % 10)) AS v, ${keys}
      FROM seq_1_to_${size}) k`);
  const copies = "p.title, p.sort_price_minor, p.published, p.created_at_ms";
  await client.execute(`INSERT INTO product_categories (product_id, category_id, ${SORT_KEYS})
    SELECT p.id, IF(p.created_at_ms % 2, '${half}', '${other}'), ${copies} FROM products p`);
  for (const tag of ["gift", "sale"]) {
    await client.execute(`INSERT INTO product_tags (product_id, tag_key, ${SORT_KEYS})
      SELECT p.id, '${tag}', ${copies} FROM products p WHERE '${tag}' = 'gift' OR p.created_at_ms % 2`);
  }
  await client.execute("ANALYZE TABLE products, product_categories, product_tags");
  return { database, session: drizzle(client) };
}

const SORT_KEYS = "title, sort_price_minor, published, created_at_ms";

const FILTERS: Record<string, ProductFilters> = {
  all: {},
  vendor: { vendor: "acme" },
  type: { type: "lamp" },
  category: { category: "half" },
  tag: { tag: "gift" },
  "category by price": { category: "half", minPriceMinor: 5_000, maxPriceMinor: 15_000 },
};
const SORTS: Sort[] = ["title", "-title", "price", "-price", "newest"];

let large: Shop;
beforeAll(async () => {
  large = await open(LARGE);
}, 180_000);
afterAll(() => large.database.stop());

const rowsRead = async ({ database }: Shop): Promise<number> => {
  const { rows } = await database.client().execute("SHOW GLOBAL STATUS LIKE 'Handler_read%'");
  return rows.reduce((sum: number, row) => sum + Number((row as { Value: string }).Value), 0);
};

async function walk({ session }: Shop, filters: ProductFilters, sort: Sort) {
  const first = await listProducts(session, { filters, sort, limit: 20 }, 0);
  if (!first.ok || !first.value.body.nextCursor) throw new Error("a list that ends too soon");
  const cursor = first.value.body.nextCursor;
  const second = await listProducts(session, { filters, sort, limit: 20, cursor }, 0);
  if (!second.ok) throw new Error("a cursor of another list");
  expect(second.value.body.items).toHaveLength(20);
}

describe("a catalogue of 100,000 products", () => {
  it("is listed by reading few rows, whatever the filter and the order", async () => {
    for (const [name, filters] of Object.entries(FILTERS)) {
      for (const sort of SORTS) {
        if (name === "category by price" && !sort.endsWith("price")) continue;
        const before = await rowsRead(large);
        await walk(large, filters, sort);
        // Two pages of 21, each with its product and categories; a sort of all would read 50,000.
        expect((await rowsRead(large)) - before, `${name} by ${sort}`).toBeLessThan(1_500);
      }
    }
  });
});
