import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { decodeCsv, readCsv } from "../src/catalog/import/csv.ts";
import type { ImportReport } from "../src/catalog/import/import-catalog.ts";
import { loadCatalog } from "./catalog/load-catalog.ts";
import { loadImages } from "./catalog/load-images.ts";
import { CannotLoad, chooseTarget } from "./catalog/target.ts";

const USAGE = `Usage: npm run import -- file.csv [--images dir] [--url URL] [--key STAFF_KEY]

Imports products from CSV in Shopify's product columns. Without --url and --key: the shop that runs here.
Exit code: 0 when every row went in, 1 when a row was rejected or the import broke, 2 for bad usage.`;

async function main(args: readonly string[]): Promise<number> {
  const options = {
    images: { type: "string" },
    url: { type: "string" },
    key: { type: "string" },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    return 2;
  }
  const [path, ...others] = parsed.positionals;
  if (!path || others.length > 0) {
    console.error(USAGE);
    return 2;
  }
  const target = chooseTarget(parsed.values);
  const { images } = parsed.values;
  if (images !== undefined) await loadImages(target, images);

  const text = decodeCsv(readFileSync(path));
  const file = text.ok ? readCsv(text.value, Number.POSITIVE_INFINITY) : text;
  if (!file.ok) throw new CannotLoad(`${path}: ${file.error.message}`);
  const report = await loadCatalog(target, file.value);
  const { created, updated, skipped, rejected } = report;
  console.log(`${created} created, ${updated} updated, ${skipped} unchanged`);
  if (rejected.length === 0) return 0;
  console.error(`\n${rejectedTable(rejected)}\n\n${rejected.length} rows were rejected.`);
  return 1;
}

function rejectedTable(rejected: ImportReport["rejected"]): string {
  const rows = [
    ["Row", "Code", "Reason"],
    ...rejected.map((r) => [String(r.row), r.code, r.message]),
  ];
  const widths = [0, 1].map((at) => Math.max(...rows.map((row) => row[at]!.length)));
  return rows
    .map(
      ([row, code, reason]) =>
        `${row!.padStart(widths[0]!)}  ${code!.padEnd(widths[1]!)}  ${reason}`,
    )
    .join("\n");
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const isPlain = error instanceof CannotLoad || (error as NodeJS.ErrnoException).code === "ENOENT";
  console.error(isPlain ? (error as Error).message : error);
  process.exitCode = 1;
}
