import type { CsvFile } from "../../src/catalog/import/csv.ts";
import { ImportReport } from "../../src/catalog/import/import-catalog.ts";
import { type Chunk, chunks } from "./chunks.ts";
import { ProgressLine } from "./progress-line.ts";
import { type Target, upload } from "./target.ts";

/** Small enough that stock of every row is taken well within a request, and that progress is seen. */
const CHUNK = { products: 250, rows: 400 };

/** Sends a file in parts, product by product, and adds up the reports in the file's own row numbers. */
export async function loadCatalog(target: Target, file: CsvFile): Promise<ImportReport> {
  const parts = chunks(file, CHUNK);
  const total: ImportReport = { created: 0, updated: 0, skipped: 0, rejected: [...file.rejected] };
  const progress = new ProgressLine(
    "products",
    parts.reduce((sum, part) => sum + part.products, 0),
  );
  for (const part of parts) {
    addReport(total, await loadChunk(target, part), part.rows);
    progress.add(part.products);
  }
  total.rejected.sort((a, b) => a.row - b.row);
  return total;
}

export async function loadChunk(target: Target, { text }: Pick<Chunk, "text">) {
  const body = { method: "POST", contentType: "text/csv; charset=utf-8", body: text } as const;
  return ImportReport.parse(await upload(target, "/catalog/import", body));
}

function addReport(total: ImportReport, part: ImportReport, rows: readonly number[]): void {
  total.created += part.created;
  total.updated += part.updated;
  total.skipped += part.skipped;
  total.rejected.push(
    ...part.rejected.map((rejection) => ({ ...rejection, row: rows[rejection.row - 2]! })),
  );
}
