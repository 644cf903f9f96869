import { inTurn } from "../measure/pairs.ts";
import { comparisonRow } from "../report.ts";
import { receive, stockedSkus } from "../shop/stock.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

const STOCK = 900_000;

/** Holds on one SKU, which has one writer, beside one object that writes one row per call. */
export async function measureStock(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, stocked } = context;
  const { connections, pairs, turns, turnMs } = scale;
  const sku = stockedSkus(stocked).at(-1)!;
  await receive(shop, [sku], STOCK);
  const load = { connections, forMs: turnMs };
  const drive = (url: string, path: string) => () =>
    generator.drive({ url, requests: [{ method: "POST", path }], ...load }, 201);
  const hold = drive(shop.holdDriver, `/?${sku}`);
  const write = drive(shop.bareObject, "/?one");
  await hold();
  await write();
  const holds = await inTurn({
    pairs,
    turns,
    runtimePid: shop.workerdPid,
    ours: hold,
    peer: write,
  });
  return {
    rows: [comparisonRow("stock: holds on one SKU · writes to one bare object", holds)],
    figures: { holds },
  };
}
