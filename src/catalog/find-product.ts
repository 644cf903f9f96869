import { and, asc, eq } from "drizzle-orm";
import { weatherBehind } from "../platform/dependency.ts";
import type { Documents } from "../platform/documents/documents.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import { logError } from "../platform/telemetry/log.ts";
import { money } from "../shared/money.ts";
import { productDocuments } from "./documents.ts";
import type { Image, Product, Variant } from "./model.ts";
import { productPageTags } from "./page-tags.ts";
import { nextChangeMs, priceUnder, type RuledPrice, rulesFor } from "./price-rules.ts";
import { readPriceRules } from "./read-price-rules.ts";
import type { Page } from "./render.ts";
import {
  categories,
  productCategories,
  productImages,
  productOptions,
  products,
  variants,
} from "./schema.ts";

/**
 * The page of a published product, in one sequential step: four statements, the price rules and the
 * document side by side. Without the documents' store a shopper can still read prices and buy, so
 * the page answers without its description instead of failing; it is then not to be kept.
 */
export async function findProduct(
  { session, documents, nowMs }: { session: SqlSession; documents: Documents; nowMs: number },
  handle: string,
): Promise<Page<Product> | undefined> {
  const [[rows, options, images, inCategories], rules, document] = await Promise.all([
    readParts(session, handle),
    readPriceRules(session, nowMs),
    findDocument(documents, handle),
  ]);
  const row = rows[0]?.product;
  if (!row) return undefined;
  const complete = document !== "unreachable";
  const { descriptionHtml = "", attributes = {}, seo = {} } = (complete && document) || {};
  const { id, title, vendor, productType, tags, currency } = row;
  const ruled = { productId: id, categoryIds: inCategories.map((category) => category.id) };
  const ofProduct = rulesFor(rules, ruled);
  const shown = rows.map(({ variant }) => ({
    variant,
    price: priceUnder(ofProduct, variant, nowMs),
  }));
  const optionNames = options.map(({ name }) => name);
  const validUntilMs = nextChangeMs(ofProduct, nowMs);
  return {
    body: {
      id,
      handle,
      title,
      descriptionHtml,
      vendor,
      productType,
      tags,
      options,
      variants: shown.map((each) => variantView(each, { optionNames, images, currency })),
      images,
      categories: inCategories,
      attributes,
      seo,
    },
    tags: productPageTags({ ...ruled, ruleIds: shown.flatMap(({ price }) => price.ruleId ?? []) }),
    ...(validUntilMs === undefined ? {} : { validUntilMs }),
    storable: complete,
  };
}

function readParts(session: SqlSession, handle: string) {
  const ofProduct = and(eq(products.handle, handle), eq(products.published, true));
  return Promise.all([
    session
      .select({ product: products, variant: variants })
      .from(products)
      .innerJoin(variants, eq(variants.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(variants.position), asc(variants.id)),
    session
      .select({ name: productOptions.name, values: productOptions.optionValues })
      .from(products)
      .innerJoin(productOptions, eq(productOptions.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(productOptions.position)),
    session
      .select({ url: productImages.url, alt: productImages.alt })
      .from(products)
      .innerJoin(productImages, eq(productImages.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(productImages.position)),
    session
      .select({ id: categories.id, handle: categories.handle, title: categories.title })
      .from(products)
      .innerJoin(productCategories, eq(productCategories.productId, products.id))
      .innerJoin(categories, eq(categories.id, productCategories.categoryId))
      .where(ofProduct)
      .orderBy(asc(categories.title)),
  ]);
}

async function findDocument(documents: Documents, handle: string) {
  try {
    const [document] = await documents
      .select()
      .from(productDocuments)
      .where(eq(productDocuments.handle, handle))
      .limit(1);
    return document;
  } catch (error) {
    if (!weatherBehind(error)) throw error;
    logError("catalog.document_unreachable", error, { handle });
    return "unreachable";
  }
}

type VariantContext = {
  optionNames: readonly string[];
  images: readonly Image[];
  currency: string;
};

function variantView(
  { variant: row, price }: { variant: typeof variants.$inferSelect; price: RuledPrice },
  { optionNames, images, currency }: VariantContext,
): Variant {
  const { id, sku, title, grams, barcode, imageUrl, inStock } = row;
  const values = [row.option1, row.option2, row.option3];
  const { priceMinor, compareAtMinor } = price;
  const image = images.find(({ url }) => url === imageUrl);
  return {
    id,
    sku,
    title,
    options: Object.fromEntries(
      optionNames.flatMap((name, at) => (values[at] ? [[name, values[at]]] : [])),
    ),
    price: money(priceMinor, currency),
    ...(compareAtMinor === null ? {} : { compareAtPrice: money(compareAtMinor, currency) }),
    inStock,
    ...(grams > 0 ? { grams } : {}),
    ...(barcode === null ? {} : { barcode }),
    ...(imageUrl === null ? {} : { image: image ?? { url: imageUrl, alt: title } }),
  };
}
