import type { BenchShop } from "./start-bench-shop.ts";

const AT_ONCE = 4;

/** The SKUs that `generatedCsv` has put in stock. */
export const stockedSkus = (stocked: number): string[] =>
  Array.from({ length: stocked }, (_, number) => `G1-${number}-1`);

/** Puts so much on the shelves that no run can sell out. */
export async function receive(
  { isolates, backends }: BenchShop,
  skus: readonly string[],
  delta: number,
): Promise<void> {
  const queue = skus.values();
  const worker = async () => {
    for (const sku of queue) {
      const response = await fetch(new URL(`/ops/v1/inventory/${sku}/movements`, isolates[0]), {
        method: "POST",
        headers: {
          Authorization: `Bearer ${backends.staffKey}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify({ delta, reason: "bench" }),
      });
      if (!response.ok) throw new Error(`receive ${sku}: ${await response.text()}`);
      await response.body?.cancel();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
