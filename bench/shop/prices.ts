import Papa from "papaparse";
import { generatedCsv } from "../../local/catalog/generated.ts";
import { loadChunk } from "../../local/catalog/load-catalog.ts";
import type { BenchShop } from "./start-bench-shop.ts";

const PER_SECOND = 20;
/** Two of them are still a payment that the processor takes. */
const SPAN_MINOR = 30_000_000;

/** Prices rise with the clock, so that no page of an earlier write can show a newer one. */
export const newPriceMinor = (): number =>
  500 + (Math.floor((Date.now() * PER_SECOND) / 1_000) % SPAN_MINOR);

const operator = ({ backends }: BenchShop) => ({ Authorization: `Bearer ${backends.staffKey}` });

/** Changes one price as an operator does, and answers when that was told, on this process's clock. */
export async function changePrice(
  shop: BenchShop,
  sku: string,
  amount: number,
): Promise<{ sentAtMs: number; answeredAtMs: number }> {
  const sentAtMs = performance.now();
  const response = await fetch(new URL(`/ops/v1/variants/${sku}`, shop.isolates[0]), {
    method: "PATCH",
    headers: { ...operator(shop), "Content-Type": "application/json" },
    body: JSON.stringify({ price: { amount, currency: "USD" } }),
  });
  if (!response.ok) throw new Error(`price of ${sku}: ${await response.text()}`);
  await response.body?.cancel();
  return { sentAtMs, answeredAtMs: performance.now() };
}

/** Changes the prices of the first so many products by one import; answers when that was told. */
export async function repriceMany(shop: BenchShop, count: number): Promise<number> {
  const csv = generatedCsv({ from: 0, to: count, seed: 1, variants: 1, stocked: 0 });
  const { data } = Papa.parse<Record<string, string>>(csv, { header: true });
  const base = newPriceMinor();
  const rows = data.map((row, at) => ({
    ...row,
    "Variant Price": ((base + at) / 100).toFixed(2),
    "Variant Compare At Price": "",
  }));
  const target = { url: shop.isolates[0]!.replace(/\/$/, ""), key: shop.backends.staffKey };
  const { updated } = await loadChunk(target, { text: Papa.unparse(rows) });
  const answeredAtMs = performance.now();
  if (updated !== count) throw new Error(`${updated} of ${count} products were re-priced`);
  return answeredAtMs;
}
