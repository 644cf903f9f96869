import Papa from "papaparse";
import { generatedCsv } from "../../local/catalog/generated.ts";

/** A product of the loaded catalogue. */
export type Listed = { sku: string; path: string; priceMinor: number };

type Cells = {
  Handle: string;
  Vendor: string;
  Type: string;
  Tags: string;
  "Variant SKU": string;
  "Variant Price": string;
};

/** The products with numbers in [from, to), as they were loaded. */
export function listedProducts(from: number, to: number): Listed[] {
  return cells(from, to).map((row) => ({
    sku: row["Variant SKU"],
    path: `/api/v2/products/${row.Handle}`,
    priceMinor: Math.round(Number(row["Variant Price"]) * 100),
  }));
}

const SORTS = ["title", "-title", "price", "-price", "newest"];
const SAMPLE = 1_000;
const LIMITS = Array.from({ length: 20 }, (_, at) => 20 + at);

/** First pages of lists, no two alike: by category, vendor, type and tag, in each order. */
export async function listPaths(url: string, count: number): Promise<string[]> {
  const rows = cells(0, SAMPLE);
  const values = (name: "Vendor" | "Type") => [...new Set(rows.map((row) => row[name]))];
  const tags = [...new Set(rows.flatMap(({ Tags }) => Tags.split(", ")))];
  const filters = [
    ...(await categoryHandles(url)).map((handle) => `category=${handle}`),
    ...values("Vendor").map((vendor) => `vendor=${encodeURIComponent(vendor)}`),
    ...values("Type").map((type) => `type=${encodeURIComponent(type)}`),
    ...tags.map((tag) => `tag=${encodeURIComponent(tag)}`),
  ];
  const all = LIMITS.flatMap((limit) =>
    filters.flatMap((filter) =>
      SORTS.map((sort) => `/api/v2/products?${filter}&limit=${limit}&sort=${sort}`),
    ),
  );
  if (all.length < count) throw new Error(`there are only ${all.length} lists`);
  return spreadOut(all).slice(0, count);
}

async function categoryHandles(url: string): Promise<string[]> {
  const response = await fetch(new URL("/api/v2/categories?limit=100", url));
  const { items } = (await response.json()) as { items: { handle: string }[] };
  return items.map(({ handle }) => handle);
}

const cells = (from: number, to: number): Cells[] =>
  Papa.parse<Cells>(generatedCsv({ from, to, seed: 1, variants: 1, stocked: 0 }), { header: true })
    .data;

/** Neighbours must not be alike, or a run over the first few would meet one kind only. */
function spreadOut<T>(items: readonly T[]): T[] {
  const step = 7_919; // A prime that divides no count of lists, so that each is met once.
  return items.map((_, at) => items[(at * step) % items.length]!);
}
