import { inTurn } from "../measure/pairs.ts";
import { comparisonRow } from "../report.ts";
import { stockedSkus } from "../shop/stock.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

/** A new cart with its first line, beside a new object that writes one row and nothing else. */
export async function measureCart(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, stocked } = context;
  const { connections, pairs, turns, turnMs } = scale;
  const skus = stockedSkus(stocked).slice(0, 100);
  const lines = skus.map((sku) => ({
    method: "POST",
    path: "/api/v2/cart/lines",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sku, quantity: 1 }),
  }));
  const load = { connections, forMs: turnMs };
  const addLine = () => generator.drive({ url: shop.isolates[0]!, requests: lines, ...load }, 201);
  const write = () =>
    generator.drive({ url: shop.bareObject, requests: [{ method: "POST" }], ...load }, 201);
  // Compiled and warm before it counts.
  await addLine();
  await write();
  const newCart = await inTurn({
    pairs,
    turns,
    runtimePid: shop.workerdPid,
    ours: addLine,
    peer: write,
  });
  return {
    rows: [comparisonRow("cart: new, with one line · bare object, one write", newCart)],
    figures: { newCart },
  };
}
