import { sanitizeHtml } from "../../platform/html/sanitize-html.ts";
import { ok } from "../../shared/result.ts";
import { lookupKey } from "../lookup-key.ts";
import type { Attributes, Seo } from "../model.ts";
import { attributeKey, type Columns, readFlag } from "./columns.ts";
import type { CsvRow } from "./csv.ts";
import { DEFAULT_VALUE, TEXT_LENGTH_MAX } from "./read-variant.ts";
import { type Read, refuse } from "./rejections.ts";
import { slugOrHash } from "./slug.ts";

/** What the first row of a product says about the product as a whole. */
export type ProductHead = {
  handle: string;
  title: string;
  descriptionHtml: string;
  vendor: string;
  productType: string;
  tags: readonly string[];
  categories: readonly { handle: string; title: string }[];
  optionNames: readonly string[];
  published: boolean;
  attributes: Attributes;
  seo: Seo;
};

const DESCRIPTION_LENGTH_MAX = 100_000;
const ATTRIBUTE_LENGTH_MAX = 5_000;
const TAGS_MAX = 250;
const CATEGORIES_MAX = 20;

export function readHead(row: CsvRow, handle: string, columns: Columns): Read<ProductHead> {
  const text = (column: string) => columns.text(row, column);
  const title = text("Title");
  if (title === "") return refuse("title_missing", "the product's first row has no Title");
  const names = { title, vendor: text("Vendor"), productType: text("Type") };
  const optionNames = readOptionNames(row, columns);
  if (!optionNames.ok) return optionNames;
  const published = readPublished(text("Published"), text("Status"));
  if (!published.ok) return published;

  const tags = distinct(text("Tags").split(","), lookupKey);
  const categories = readCategories(row, columns, names.productType, tags);
  const short = [...Object.values(names), ...tags, ...categories.map((category) => category.title)];
  if (short.some((value) => value.length > TEXT_LENGTH_MAX)) {
    const message = `Title, Vendor, Type, tags and categories have at most ${TEXT_LENGTH_MAX} characters`;
    return refuse("text_too_long", message);
  }
  const body = text("Body (HTML)");
  const attributes = columns.named(row, attributeKey);
  const seo = { title: text("SEO Title"), description: text("SEO Description") };
  const long = [...attributes.map(([, value]) => value), seo.title, seo.description];
  if (
    body.length > DESCRIPTION_LENGTH_MAX ||
    long.some((value) => value.length > ATTRIBUTE_LENGTH_MAX)
  ) {
    return refuse("text_too_long", "the description or an attribute is too long");
  }
  return ok({
    handle,
    ...names,
    descriptionHtml: sanitizeHtml(body),
    tags: tags.slice(0, TAGS_MAX),
    categories: categories.slice(0, CATEGORIES_MAX),
    optionNames: optionNames.value,
    published: published.value,
    attributes: Object.fromEntries(attributes),
    seo: {
      ...(seo.title ? { title: seo.title } : {}),
      ...(seo.description ? { description: seo.description } : {}),
    },
  });
}

function distinct(texts: readonly string[], key: (text: string) => string): string[] {
  const kept = new Map<string, string>();
  for (const text of texts.map((each) => each.trim()).filter(Boolean)) {
    if (!kept.has(key(text))) kept.set(key(text), text);
  }
  return [...kept.values()];
}

function readOptionNames(row: CsvRow, columns: Columns): Read<string[]> {
  const names = [1, 2, 3].map((number) => columns.text(row, `Option${number} Name`));
  const isDefault =
    names[0]?.toLowerCase() === "title" && columns.text(row, "Option1 Value") === DEFAULT_VALUE;
  if (isDefault && names[1] === "" && names[2] === "") return ok([]);
  const named = names.filter(Boolean);
  if (named.some((name, at) => name !== names[at])) {
    return refuse("option_missing", "an option is named after one that has no name");
  }
  if (named.some((name) => name.length > TEXT_LENGTH_MAX)) {
    return refuse("text_too_long", `an option name has at most ${TEXT_LENGTH_MAX} characters`);
  }
  if (distinct(named, lookupKey).length < named.length) {
    return refuse("options_duplicate", "two options have the same name");
  }
  return ok(named);
}

const STATUSES: Readonly<Record<string, boolean>> = {
  "": true,
  active: true,
  draft: false,
  archived: false,
  unlisted: false,
};

function readPublished(text: string, status: string): Read<boolean> {
  const flag = readFlag(text, "Published", true);
  if (!flag.ok) return flag;
  const active = STATUSES[status.toLowerCase()];
  if (active !== undefined) return ok(flag.value && active);
  return refuse("flag_invalid", "Status must be active, draft, archived or unlisted");
}

/**
 * A collection, else the levels of a taxonomy path ("Home > Kitchen"), else the type. Tags are many
 * and loose, so they become categories only where nothing else sorts the product.
 */
function readCategories(
  row: CsvRow,
  columns: Columns,
  productType: string,
  tags: readonly string[],
): { handle: string; title: string }[] {
  const collection = columns.text(row, "Collection");
  const path = columns.text(row, "Product Category").split(">");
  const choices = [[collection], path, [productType], tags];
  const titles = choices
    .map((choice) => distinct(choice, slugOrHash))
    .find((found) => found.length);
  return (titles ?? []).map((title) => ({ handle: slugOrHash(title), title }));
}
