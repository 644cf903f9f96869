import { parseArgs } from "node:util";
import { generatedCsv } from "./catalog/generated.ts";
import { loadChunk } from "./catalog/load-catalog.ts";
import { ProgressLine } from "./catalog/progress-line.ts";
import { CannotLoad, chooseTarget } from "./catalog/target.ts";

const USAGE = `Usage: npm run generate -- --products N [--variants 1] [--stocked 1000] [--seed 1] [--url URL] [--key STAFF_KEY]

Fills a shop with N made-up products for measurements, through the import route. The first --stocked of
them can be bought. The same seed makes the same products, so a load that broke is simply repeated.`;

const CHUNK_PRODUCTS = 1_000;
const PRODUCTS_MAX = 10_000_000;
const VARIANTS_MAX = 20;

async function main(args: readonly string[]): Promise<number> {
  const options = {
    products: { type: "string" },
    variants: { type: "string", default: "1" },
    stocked: { type: "string", default: "1000" },
    seed: { type: "string", default: "1" },
    url: { type: "string" },
    key: { type: "string" },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const products = wholeNumber(values.products, 1, PRODUCTS_MAX);
  const variants = wholeNumber(values.variants, 1, VARIANTS_MAX);
  const stocked = wholeNumber(values.stocked, 0, PRODUCTS_MAX);
  const seed = wholeNumber(values.seed, 0, 1_000_000);
  if ([products, variants, stocked, seed].some(Number.isNaN)) {
    console.error(USAGE);
    return 2;
  }
  const target = chooseTarget(values);
  const progress = new ProgressLine("products", products);
  const total = { created: 0, unchanged: 0 };
  for (let from = 0; from < products; from += CHUNK_PRODUCTS) {
    const to = Math.min(products, from + CHUNK_PRODUCTS);
    const text = generatedCsv({ from, to, seed, variants, stocked });
    const { created, updated, skipped, rejected } = await loadChunk(target, { text });
    const [first] = rejected;
    if (first) throw new CannotLoad(`the shop rejected ${first.code}: ${first.message}`);
    total.created += created;
    total.unchanged += updated + skipped;
    progress.add(to - from);
  }
  console.log(
    `${total.created} created, ${total.unchanged} were there; ${progress.rate()} per second`,
  );
  return 0;
}

function wholeNumber(text: string | undefined, low: number, high: number): number {
  const value = /^\d{1,9}$/.test(text ?? "") ? Number(text) : Number.NaN;
  return value >= low && value <= high ? value : Number.NaN;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof CannotLoad ? error.message : error);
  process.exitCode = 1;
}
