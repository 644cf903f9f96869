import { and, asc, eq } from "drizzle-orm";
import { weatherBehind } from "../platform/dependency.ts";
import type { Documents } from "../platform/documents/documents.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import { logError } from "../platform/telemetry/log.ts";
import { money } from "../shared/money.ts";
import { productDocuments } from "./documents.ts";
import { visibleCompareAt } from "./find-variants.ts";
import type { Image, Product, Variant } from "./model.ts";
import {
  categories,
  productCategories,
  productImages,
  productOptions,
  products,
  variants,
} from "./schema.ts";

export type FoundProduct = {
  product: Product;
  /** False when the rich content could not be read: the page may be shown, but not kept. */
  complete: boolean;
};

/**
 * A published product with all that its page shows, in one sequential step: four statements and the
 * document side by side. Without the documents' store a shopper can still read prices and buy, so
 * the page answers without its description instead of failing.
 */
export async function findProduct(
  { replica, documents }: { replica: SqlSession; documents: Documents },
  handle: string,
): Promise<FoundProduct | undefined> {
  const ofProduct = and(eq(products.handle, handle), eq(products.published, true));
  const [rows, options, images, inCategories, document] = await Promise.all([
    replica
      .select({ product: products, variant: variants })
      .from(products)
      .innerJoin(variants, eq(variants.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(variants.position), asc(variants.id)),
    replica
      .select({ name: productOptions.name, values: productOptions.optionValues })
      .from(products)
      .innerJoin(productOptions, eq(productOptions.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(productOptions.position)),
    replica
      .select({ url: productImages.url, alt: productImages.alt })
      .from(products)
      .innerJoin(productImages, eq(productImages.productId, products.id))
      .where(ofProduct)
      .orderBy(asc(productImages.position)),
    replica
      .select({ id: categories.id, handle: categories.handle, title: categories.title })
      .from(products)
      .innerJoin(productCategories, eq(productCategories.productId, products.id))
      .innerJoin(categories, eq(categories.id, productCategories.categoryId))
      .where(ofProduct)
      .orderBy(asc(categories.title)),
    findDocument(documents, handle),
  ]);
  const row = rows[0]?.product;
  if (!row) return undefined;
  const complete = document !== "unreachable";
  const { descriptionHtml = "", attributes = {}, seo = {} } = (complete && document) || {};
  const { id, title, vendor, productType, tags, currency } = row;
  const optionNames = options.map(({ name }) => name);
  return {
    product: {
      id,
      handle,
      title,
      descriptionHtml,
      vendor,
      productType,
      tags,
      options,
      variants: rows.map(({ variant }) => variantView(variant, { optionNames, images, currency })),
      images,
      categories: inCategories,
      attributes,
      seo,
    },
    complete,
  };
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
  row: typeof variants.$inferSelect,
  { optionNames, images, currency }: VariantContext,
): Variant {
  const { id, sku, title, grams, barcode, imageUrl, inStock } = row;
  const values = [row.option1, row.option2, row.option3];
  const compareAt = visibleCompareAt(row.priceMinor, row.compareAtMinor);
  const image = images.find(({ url }) => url === imageUrl);
  return {
    id,
    sku,
    title,
    options: Object.fromEntries(
      optionNames.flatMap((name, at) => (values[at] ? [[name, values[at]]] : [])),
    ),
    price: money(row.priceMinor, currency),
    ...(compareAt === null ? {} : { compareAtPrice: money(compareAt, currency) }),
    inStock,
    ...(grams > 0 ? { grams } : {}),
    ...(barcode === null ? {} : { barcode }),
    ...(imageUrl === null ? {} : { image: image ?? { url: imageUrl, alt: title } }),
  };
}
