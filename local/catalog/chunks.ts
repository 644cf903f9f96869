import Papa from "papaparse";
import type { CsvFile, CsvRow } from "../../src/catalog/import/csv.ts";

/** A part of a file that is a file itself. `rows[n - 2]` is the row that its row n was. */
export type Chunk = { text: string; rows: number[]; products: number };

export type ChunkSize = { products: number; rows: number };

/** Splits a file so that no product is torn; a product larger than a chunk has one to itself. */
export function chunks(file: CsvFile, size: ChunkSize): Chunk[] {
  const at = file.columns.indexOf("Handle");
  const handleOf = ({ cells }: CsvRow) => cells[at]!.trim().normalize("NFC").toLowerCase();
  const products = [...Map.groupBy(file.rows, handleOf).values()];

  const parts: CsvRow[][][] = [];
  let rows = 0;
  for (const product of products) {
    const part = parts.at(-1);
    rows += product.length;
    if (part && part.length < size.products && rows <= size.rows) part.push(product);
    else {
      parts.push([product]);
      rows = product.length;
    }
  }
  return parts.map((part) => {
    const all = part.flat();
    const cells = [file.columns as string[], ...all.map((row) => row.cells as string[])];
    return { text: Papa.unparse(cells), rows: all.map(({ row }) => row), products: part.length };
  });
}
