import { busiestShare, threadSeconds } from "../measure/cpu.ts";
import { inTurn } from "../measure/pairs.ts";
import { comparisonRow } from "../report.ts";
import { receive, split, stockedSkus } from "../shop/stock.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

const STOCK = 900_000;
const SHARDS = 8;

/**
 * Holds on one plain SKU, which has one writer, beside one object that writes one row per call; and holds
 * on a split SKU beside those on the plain one.
 */
export async function measureStock(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, stocked } = context;
  const { connections, pairs, turns, turnMs, settleMs } = scale;
  const [hot, plain] = stockedSkus(stocked).slice(-2) as [string, string];
  await receive(shop, [hot, plain], STOCK);
  await split(shop, plain, 1);
  await split(shop, hot, SHARDS);
  const load = { connections, forMs: turnMs };
  const drive = (url: string, path: string) => () =>
    generator.drive({ url, requests: [{ method: "POST", path }], ...load }, 201);
  const hold = drive(shop.holdDriver, `/?${plain}`);
  const holdSplit = drive(shop.holdDriver, `/?${hot}&shards=${SHARDS}`);
  const write = drive(shop.bareObject, "/?one");
  for (const side of [hold, holdSplit, write]) await side();
  // For the first seconds after a split every hold could be known from before, and the whole is asked.
  await new Promise((wake) => setTimeout(wake, settleMs));

  const pairing = { pairs, turns, runtimePid: shop.workerdPid };
  const holds = await inTurn({ ...pairing, ours: hold, peer: write });
  const splitHolds = await inTurn({ ...pairing, ours: holdSplit, peer: hold });
  const before = threadSeconds(shop.workerdPid);
  for (let turn = 0; turn < turns; turn += 1) await holdSplit();
  const oneThread = busiestShare(shop.workerdPid, before);
  return {
    rows: [
      comparisonRow("stock: holds on one SKU · writes to one bare object", holds),
      comparisonRow(`stock: holds on a SKU over ${SHARDS} objects · on one`, splitHolds),
      {
        figure: "stock: of the runtime's processor time for a split SKU, by one thread",
        value: `${Math.round(oneThread * 100)} %`,
      },
    ],
    figures: { holds, splitHolds, oneThread },
  };
}
