import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { cartRoutes, cartV1Routes } from "../../src/cart/index.ts";
import { products, variants } from "../../src/catalog/schema.ts";
import { inventoryOperationsRoutes, inventoryRoutes } from "../../src/inventory/index.ts";
import { skuStock } from "../../src/inventory/stub.ts";
import { jsonOnly } from "../../src/platform/gate/index.ts";
import type { ApiEnv } from "../../src/platform/http/context.ts";
import { identify, noStoreByDefault } from "../../src/platform/http/pipeline.ts";
import { onError } from "../../src/platform/http/problem.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";
import { ProductId, randomSuffix, Sku, VariantId } from "../../src/shared/ids.ts";
import { asStaff } from "../support/as-staff.ts";

/** The routes under test in the pipeline that every route has; who is staff is another part's test. */
const app = new Hono<ApiEnv>()
  .use(identify, noStoreByDefault, jsonOnly)
  .use("/ops/*", asStaff)
  .route("/api/v2", cartRoutes)
  .route("/api/v2", inventoryRoutes)
  .route("/api/v1", cartV1Routes)
  .route("/ops/v1", inventoryOperationsRoutes);
app.onError(onError);

type Call = { method?: string; body?: unknown; headers?: Record<string, string>; env?: object };

/** One request through the routes. `env` replaces bindings, for a system that is down. */
export async function call(path: string, { method, body, headers = {}, env: other }: Call = {}) {
  const init: RequestInit = {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return app.request(path, init, { ...env, ...other });
}

export const testIo = (): Io => openIo(env, "test");
export const freshSku = (): Sku => Sku.parse(`T-${randomSuffix()}`);
export const stock = (sku: Sku) => skuStock(env, sku);

/** Units that nobody has told the rest of the shop about yet. */
export async function stocked(onHand: number, { backorder = false } = {}): Promise<Sku> {
  const sku = freshSku();
  await stock(sku).openStock({ movementId: `open:${sku}`, quantity: onHand, backorder });
  return sku;
}

type Sample = {
  priceMinor?: number;
  onHand?: number;
  backorder?: boolean;
  published?: boolean;
  currency?: string;
  title?: string;
};

/** A product with one variant in MySQL and, if asked for, its stock in the object and in Redis. */
export async function onSale(sample: Sample = {}): Promise<Sku> {
  const { priceMinor = 1999, onHand = 10, backorder = false, published = true } = sample;
  const sku = await stocked(onHand, { backorder });
  const id = randomSuffix();
  const { sql } = testIo();
  const productId = ProductId.parse(`prd_${id}`);
  await sql.insert(products).values({
    id: productId,
    handle: `tent-${id}`,
    title: "Tent",
    vendor: "Test",
    productType: "Tents",
    vendorKey: "test",
    typeKey: "tents",
    sortPriceMinor: priceMinor,
    tags: [],
    currency: sample.currency ?? "USD",
    priceFromMinor: priceMinor,
    imageAlt: "",
    inStock: false,
    published,
    variantCount: 1,
    version: 1,
    sourceHash: "",
    createdAtMs: 0,
    updatedAtMs: 0,
  });
  await sql.insert(variants).values({
    id: VariantId.parse(`var_${id}`),
    productId,
    sku,
    position: 1,
    title: sample.title ?? "Tent",
    priceMinor,
    grams: 0,
    requiresShipping: true,
    taxable: true,
    backorder,
    backorderSent: true,
    inStock: false,
    stockReceived: true,
    updatedAtMs: 0,
  });
  return sku;
}
