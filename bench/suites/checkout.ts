import { type ProcessorTime, processorTimeDuring } from "../measure/processors.ts";
import { row } from "../report.ts";
import { receive, stockedSkus } from "../shop/stock.ts";
import type { SuiteContext, SuiteResult } from "../suite.ts";

const SHOPPERS = 8;
const SKUS = 100;
const STOCK = 100_000;
const CAPTURED_WITHIN_MS = 60_000;
const POLL_MS = 250;

type Entry = { kind: string; ok: boolean; checkoutId: string | null };

/** Whole purchases: by one shopper alone for latency, by eight for capacity; then their money is counted. */
export async function measureCheckout(context: SuiteContext): Promise<SuiteResult> {
  const { shop, generator, scale, stocked } = context;
  const url = shop.isolates[0]!;
  const skus = stockedSkus(stocked).slice(0, SKUS);
  await receive(shop, skus, STOCK);
  const most = Number.MAX_SAFE_INTEGER;
  await generator.rush({ url, skus, shoppers: 1, forMs: 10_000, most: scale.lonePurchases });
  const alone = await generator.rush({
    url,
    skus,
    shoppers: 1,
    forMs: scale.rushMs,
    most: scale.lonePurchases,
  });
  const { value: many, used } = await processorTimeDuring(shop, () =>
    generator.rush({ url, skus, shoppers: SHOPPERS, forMs: scale.rushMs, most }),
  );
  const cpuMs = mapValues(used, (seconds) => (1_000 * seconds) / many.purchases.length);

  const bought = [...alone.purchases, ...many.purchases].map(({ checkoutId }) => checkoutId);
  const money = await whenCaptured(shop.backends.processors.stripe.url, bought);
  const { purchases: _, ...aloneFigures } = alone;
  const { purchases, ...manyFigures } = many;
  return {
    rows: [
      row("checkout: one shopper alone, p50", alone.p50Ms, "ms"),
      row(`checkout: ${SHOPPERS} shoppers`, many.perMinute, "a minute"),
      row(
        `checkout: ${SHOPPERS} shoppers, p50 · p99`,
        `${many.p50Ms.toFixed(0)} · ${many.p99Ms.toFixed(0)} ms`,
      ),
      row(
        "checkout: processor time of one",
        Object.entries(cpuMs)
          .map(([who, ms]) => `${who} ${ms.toFixed(1)}`)
          .join(" · "),
        "ms",
      ),
      row("checkout: paid twice or not at all", money.wrong),
    ],
    figures: {
      alone: { ...aloneFigures, purchases: alone.purchases.length },
      eight: { ...manyFigures, purchases: purchases.length, cpuMs },
      money,
    },
  };
}

const mapValues = (values: ProcessorTime, change: (value: number) => number) =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

/** Waits for the consumers, then says how many checkouts have not exactly one authorization and one capture. */
async function whenCaptured(processorUrl: string, checkoutIds: readonly string[]) {
  const giveUpAtMs = Date.now() + CAPTURED_WITHIN_MS;
  for (;;) {
    const response = await fetch(new URL("/ledger", processorUrl));
    const { entries } = (await response.json()) as { entries: Entry[] };
    const byCheckout = Map.groupBy(
      entries.filter(({ ok }) => ok),
      ({ checkoutId }) => checkoutId,
    );
    const wrong = checkoutIds.filter((id) => {
      const kinds = (byCheckout.get(id) ?? []).map(({ kind }) => kind).sort();
      return kinds.join() !== "authorize,capture";
    }).length;
    if (wrong === 0 || Date.now() > giveUpAtMs) return { checkouts: checkoutIds.length, wrong };
    await new Promise((wake) => setTimeout(wake, POLL_MS));
  }
}
