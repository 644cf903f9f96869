import { isSafeUrl } from "../../platform/html/sanitize-html.ts";
import { Sku } from "../../shared/ids.ts";
import { type Minor, parseMinor } from "../../shared/money.ts";
import { ok } from "../../shared/result.ts";
import { type Columns, readFlag, readGrams } from "./columns.ts";
import type { CsvRow } from "./csv.ts";
import { type Read, refuse } from "./rejections.ts";
import { deriveSku } from "./slug.ts";

export type ParsedVariant = {
  row: number;
  sku: Sku;
  /** One value for each of the product's options, in their order. */
  options: readonly string[];
  title: string;
  priceMinor: Minor;
  compareAtMinor: Minor | null;
  grams: number;
  barcode: string | null;
  imageUrl: string | null;
  requiresShipping: boolean;
  taxable: boolean;
  backorder: boolean;
  /** Stock for a variant that is new; `null` when the file says nothing. */
  quantity: number | null;
};

export const TEXT_LENGTH_MAX = 255;
const URL_LENGTH_MAX = 2048;
const OPTIONS_MAX = 3;
const QUANTITY_MAX = 1_000_000;

export type VariantContext = {
  columns: Columns;
  currency: string;
  handle: string;
  productTitle: string;
  optionNames: readonly string[];
};

/** Reads the variant that a row describes, or says why it cannot be one. */
export function readVariant(row: CsvRow, context: VariantContext): Read<ParsedVariant> {
  const { columns, handle, productTitle } = context;
  const options = readOptionValues(row, context);
  if (!options.ok) return options;
  const sku = readSku(columns.text(row, "Variant SKU"), handle, options.value);
  if (!sku.ok) return sku;
  const prices = readPrices(row, context);
  if (!prices.ok) return prices;
  const quantity = readQuantity(columns.text(row, "Variant Inventory Qty"));
  if (!quantity.ok) return quantity;
  const backorder = readPolicy(columns.text(row, "Variant Inventory Policy"));
  if (!backorder.ok) return backorder;
  const grams = readGrams(columns, row);
  if (!grams.ok) return grams;
  const flags = readFlags(row, columns);
  if (!flags.ok) return flags;
  const imageUrl = columns.text(row, "Variant Image");
  if (!isImageUrl(imageUrl))
    return refuse("image_invalid", "Variant Image is not a usable address");
  const barcode = columns.text(row, "Variant Barcode");
  if (barcode.length > TEXT_LENGTH_MAX) {
    return refuse("barcode_too_long", `a barcode has at most ${TEXT_LENGTH_MAX} characters`);
  }
  return ok({
    row: row.row,
    sku: sku.value,
    options: options.value,
    title: options.value.join(" / ") || productTitle,
    ...prices.value,
    grams: grams.value,
    barcode: barcode || null,
    imageUrl: imageUrl || null,
    ...flags.value,
    backorder: backorder.value,
    quantity: quantity.value,
  });
}

const OPTION_NUMBERS = [1, 2, 3] as const;

function readOptionValues(row: CsvRow, { columns, optionNames }: VariantContext): Read<string[]> {
  if (columns.named(row, extraOption).length > 0) {
    return refuse("options_too_many", `a product has at most ${OPTIONS_MAX} options`);
  }
  const values = OPTION_NUMBERS.map((number) => columns.text(row, `Option${number} Value`));
  if (values.some((value) => value.length > TEXT_LENGTH_MAX)) {
    return refuse("text_too_long", `an option value has at most ${TEXT_LENGTH_MAX} characters`);
  }
  if (optionNames.length === 0) {
    const only = values.filter((value) => value !== "" && value !== DEFAULT_VALUE);
    if (only.length === 0) return ok([]);
    return refuse("option_missing", "the product's first row names no option for this value");
  }
  const named = values.slice(0, optionNames.length);
  const missing = named.indexOf("");
  if (missing >= 0) return refuse("option_missing", `no value for ${optionNames[missing]}`);
  if (values.slice(optionNames.length).some((value) => value !== "")) {
    return refuse("option_missing", "the product's first row names no option for this value");
  }
  return ok(named);
}

/** What Shopify writes for a product without options: one option "Title" with this one value. */
export const DEFAULT_VALUE = "Default Title";

const extraOption = (column: string) =>
  /^Option([4-9]|\d{2,}) (?:Name|Value)$/.test(column) ? column : undefined;

function readSku(text: string, handle: string, options: readonly string[]): Read<Sku> {
  const sku = Sku.safeParse(text === "" ? deriveSku(handle, options) : text);
  if (sku.success) return ok(sku.data);
  return refuse("sku_invalid", "a SKU has 1 to 64 printable ASCII characters");
}

type Prices = Pick<ParsedVariant, "priceMinor" | "compareAtMinor">;

function readPrices(row: CsvRow, { columns, currency }: VariantContext): Read<Prices> {
  const text = columns.text(row, "Variant Price");
  if (text === "") return refuse("price_missing", "Variant Price is blank");
  const priceMinor = parseMinor(text, currency);
  if (priceMinor === undefined) {
    return refuse("price_invalid", `Variant Price must be a plain amount in ${currency}`);
  }
  const was = columns.text(row, "Variant Compare At Price");
  const compareAtMinor = was === "" ? null : parseMinor(was, currency);
  if (compareAtMinor === undefined) {
    const message = `Variant Compare At Price must be a plain amount in ${currency}`;
    return refuse("compare_at_price_invalid", message);
  }
  return ok({ priceMinor, compareAtMinor });
}

function readQuantity(text: string): Read<number | null> {
  if (text === "") return ok(null);
  const quantity = /^\d{1,7}$/.test(text) ? Number(text) : Number.NaN;
  if (quantity <= QUANTITY_MAX) return ok(quantity);
  return refuse(
    "quantity_invalid",
    `Variant Inventory Qty must be a whole number, 0 to ${QUANTITY_MAX}`,
  );
}

function readPolicy(text: string): Read<boolean> {
  const policy = text.toLowerCase();
  if (policy === "" || policy === "deny") return ok(false);
  if (policy === "continue") return ok(true);
  return refuse("policy_invalid", "Variant Inventory Policy must be deny or continue");
}

type Flags = Pick<ParsedVariant, "requiresShipping" | "taxable">;

function readFlags(row: CsvRow, columns: Columns): Read<Flags> {
  const shipping = readFlag(
    columns.text(row, "Variant Requires Shipping"),
    "Variant Requires Shipping",
    true,
  );
  if (!shipping.ok) return shipping;
  const taxable = readFlag(columns.text(row, "Variant Taxable"), "Variant Taxable", true);
  return taxable.ok ? ok({ requiresShipping: shipping.value, taxable: taxable.value }) : taxable;
}

/** Blank, or an address a browser may load: nothing is fetched here, so no address can reach inside. */
export const isImageUrl = (url: string): boolean =>
  url === "" || (url.length <= URL_LENGTH_MAX && /^(?:https?:|\/)/i.test(url) && isSafeUrl(url));
