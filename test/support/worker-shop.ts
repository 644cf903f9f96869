import { exports } from "cloudflare:workers";
import { inject } from "vitest";

export type Answered<T> = { status: number; headers: Headers; body: T };

/** Sends a request to the storefront in this test's own runtime; JSON in, JSON out. */
export async function call<T = unknown>(
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answered<T>> {
  const { body, headers = {} } = options;
  const isText = typeof body === "string";
  const response = await exports.default.fetch(
    new Request(`http://shop.test${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": isText ? "text/csv" : "application/json" }),
        ...(path.startsWith("/ops/") ? { Authorization: `Bearer ${inject("staffKey")}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    }),
  );
  const text = await response.text();
  const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
  return {
    status: response.status,
    headers: response.headers,
    body: (isJson ? JSON.parse(text) : text) as T,
  };
}

export const roundTrips = ({ headers }: Answered<unknown>): number =>
  Number(headers.get("X-Round-Trips"));

const CSV_HEADER =
  "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Requires Shipping";

/** Puts products with one variant each on sale, under SKUs of this test's own. */
export async function sell(
  ...items: { sku: string; price?: string; stock?: number }[]
): Promise<void> {
  const rows = items.map(
    ({ sku, price = "19.99", stock = 100 }) =>
      `${sku.toLowerCase()},${sku},,Test,Test,,true,Title,Default Title,${sku},100,${stock},deny,${price},true`,
  );
  const body = `${[CSV_HEADER, ...rows].join("\n")}\n`;
  const imported = await call<{ created: number }>("POST", "/ops/v1/catalog/import", { body });
  if (imported.body.created !== items.length) throw new Error(JSON.stringify(imported.body));
}

export const ownSku = (): string => `T-${crypto.randomUUID().slice(0, 13)}`;

export const ADDRESS = {
  name: "Ada Lovelace",
  line1: "12 Analytical Way",
  city: "Portland",
  region: "OR",
  postalCode: "97201",
  country: "US",
};
