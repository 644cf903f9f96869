import { ok } from "../../shared/result.ts";
import { type Columns, columnsOf } from "./columns.ts";
import type { CsvFile, CsvRow } from "./csv.ts";
import { type ProductHead, readHead } from "./read-head.ts";
import { isImageUrl, type ParsedVariant, readVariant } from "./read-variant.ts";
import { type Read, type Rejection, type RowRefusal, refuse } from "./rejections.ts";

export type ParsedImage = { url: string; alt: string };
export type ParsedProduct = ProductHead & {
  row: number;
  variants: readonly ParsedVariant[];
  images: readonly ParsedImage[];
};

export const VARIANTS_MAX = 100;
const ALT_LENGTH_MAX = 512;

/**
 * Makes products of the rows of a file. A bad row is rejected alone and the rest of its product goes
 * in; where the row that carries the title is bad, the whole product stays out.
 */
export function readProducts(
  file: CsvFile,
  currency: string,
): { products: ParsedProduct[]; rejected: Rejection[] } {
  const columns = columnsOf(file.columns);
  const rejected: Rejection[] = [...file.rejected];
  const reject = ({ row }: { row: number }, { code, message }: RowRefusal) => {
    rejected.push({ row, code, message });
  };
  const skuRows = new Map<string, number>();
  const products: ParsedProduct[] = [];
  for (const [handle, rows] of byHandle(file.rows, columns, reject)) {
    const product = readProduct({ handle, rows, columns, currency, skuRows, reject });
    if (product) products.push(product);
  }
  return { products, rejected: rejected.sort((a, b) => a.row - b.row) };
}

type Reject = (at: { row: number }, refusal: RowRefusal) => void;

function byHandle(rows: readonly CsvRow[], columns: Columns, reject: Reject) {
  const groups = new Map<string, CsvRow[]>();
  for (const row of rows) {
    const handle = readHandle(row, columns);
    if (!handle.ok) {
      reject(row, handle.error);
      continue;
    }
    const group = groups.get(handle.value);
    if (group) group.push(row);
    else groups.set(handle.value, [row]);
  }
  return groups;
}

const HANDLE_LENGTH_MAX = 255;

function readHandle(row: CsvRow, columns: Columns): Read<string> {
  // Databases refuse NUL in text, and no other control character has business in a catalogue.
  if (row.cells.some((cell) => /(?![\n\t])\p{Cc}/u.test(cell))) {
    return refuse("text_invalid", "a cell holds a control character");
  }
  const handle = columns.text(row, "Handle").normalize("NFC").toLowerCase();
  if (handle === "") return refuse("handle_missing", "Handle is blank");
  if (handle.length <= HANDLE_LENGTH_MAX && /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(handle)) {
    return ok(handle);
  }
  const message = `a handle has letters, digits and dashes, at most ${HANDLE_LENGTH_MAX}`;
  return refuse("handle_invalid", message);
}

type ProductRows = {
  handle: string;
  rows: readonly CsvRow[];
  columns: Columns;
  currency: string;
  /** Every SKU of the file so far, with the row that has it. */
  skuRows: Map<string, number>;
  reject: Reject;
};

function readProduct(input: ProductRows): ParsedProduct | undefined {
  const { handle, rows, columns, reject } = input;
  const [first] = rows;
  const head = readHead(first!, handle, columns);
  if (!head.ok) {
    reject(first!, head.error);
    rejectRest(rows.slice(1), first!.row, reject);
    return undefined;
  }
  const variants: ParsedVariant[] = [];
  const images: ParsedImage[] = [];
  const left: CsvRow[] = [];
  for (const row of rows) {
    const image = readImage(row, columns);
    const variant = isVariantRow(row, first!, columns)
      ? readUnique(row, head.value, variants, input)
      : undefined;
    const refusal = [image, variant].find((read) => read && !read.ok);
    if (refusal && !refusal.ok) {
      reject(row, refusal.error);
      continue;
    }
    if (variant?.ok) {
      variants.push(variant.value);
      input.skuRows.set(variant.value.sku, row.row);
    }
    if (image.ok && image.value) images.push(image.value);
    if (!variant && image.ok && !image.value) {
      reject(row, { code: "row_empty", message: "the row has neither a variant nor an image" });
    } else left.push(row);
  }
  if (variants.length > 0) return { ...head.value, row: first!.row, variants, images };
  rejectRest(left, first!.row, reject);
  return undefined;
}

function rejectRest(rows: readonly CsvRow[], because: number, reject: Reject): void {
  for (const row of rows) {
    const message = `its product was not imported, see row ${because}`;
    reject(row, { code: "product_rejected", message });
  }
}

const VARIANT_COLUMNS = [
  "Option1 Value",
  "Option2 Value",
  "Option3 Value",
  "Variant SKU",
  "Variant Price",
];

/** The first row of a product is a variant; a later one may only add an image. */
const isVariantRow = (row: CsvRow, first: CsvRow, columns: Columns) =>
  row === first || VARIANT_COLUMNS.some((column) => columns.text(row, column) !== "");

function readUnique(
  row: CsvRow,
  head: ProductHead,
  earlier: readonly ParsedVariant[],
  { columns, currency, handle, skuRows }: ProductRows,
): Read<ParsedVariant> {
  const { title: productTitle, optionNames } = head;
  const variant = readVariant(row, { columns, currency, handle, productTitle, optionNames });
  if (!variant.ok) return variant;
  const { sku, options } = variant.value;
  const taken = earlier.find((other) => sameOptions(other.options, options));
  if (taken) {
    return refuse("options_duplicate", `row ${taken.row} has the same option values`);
  }
  const skuRow = skuRows.get(sku);
  if (skuRow !== undefined) return refuse("sku_duplicate", `row ${skuRow} has the SKU ${sku} too`);
  if (earlier.length >= VARIANTS_MAX) {
    return refuse("variants_too_many", `a product has at most ${VARIANTS_MAX} variants`);
  }
  return variant;
}

/** Letter case does not make another option value: nobody could choose between "red" and "Red". */
export const sameOptions = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((value, at) => value.toLowerCase() === b[at]!.toLowerCase());

function readImage(row: CsvRow, columns: Columns): Read<ParsedImage | undefined> {
  const url = columns.text(row, "Image Src");
  if (url === "") return ok(undefined);
  if (!isImageUrl(url)) return refuse("image_invalid", "Image Src is not a usable address");
  const alt = columns.text(row, "Image Alt Text");
  if (alt.length <= ALT_LENGTH_MAX) return ok({ url, alt });
  return refuse("text_too_long", `Image Alt Text has at most ${ALT_LENGTH_MAX} characters`);
}
