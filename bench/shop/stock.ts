import type { BenchShop } from "./start-bench-shop.ts";

const AT_ONCE = 4;

/** The SKUs that `generatedCsv` has put in stock. */
export const stockedSkus = (stocked: number): string[] =>
  Array.from({ length: stocked }, (_, number) => `G1-${number}-1`);

/** Puts so much on the shelves that no run can sell out. */
export async function receive(
  shop: BenchShop,
  skus: readonly string[],
  delta: number,
): Promise<void> {
  const queue = skus.values();
  const worker = async () => {
    for (const sku of queue) {
      await operate(shop, "POST", `${sku}/movements`, { delta, reason: "bench" });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Spreads a SKU over so many objects; 1: never more, however hot it gets. */
export const split = (shop: BenchShop, sku: string, shards: number): Promise<void> =>
  operate(shop, "PATCH", sku, { shards });

async function operate(
  { isolates, backends }: BenchShop,
  method: string,
  path: string,
  body: object,
): Promise<void> {
  const response = await fetch(new URL(`/ops/v1/inventory/${path}`, isolates[0]), {
    method,
    headers: {
      Authorization: `Bearer ${backends.staffKey}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
  await response.body?.cancel();
}
