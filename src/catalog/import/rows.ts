import type { CategoryId } from "../../shared/ids.ts";
import type { productDocuments } from "../documents.ts";
import { lookupKey } from "../lookup-key.ts";
import type {
  categories,
  productCategories,
  productImages,
  productOptions,
  products,
  productTags,
  variants,
} from "../schema.ts";
import { categoryIdOf } from "./ids.ts";
import type { PlannedProduct, PlannedVariant } from "./plan-import.ts";

export type ProductRow = typeof products.$inferInsert;
export type VariantRow = typeof variants.$inferInsert;
type DocumentRow = typeof productDocuments.$inferInsert;

const priceFromOf = (product: PlannedProduct) =>
  Math.min(...product.variants.map((variant) => variant.priceMinor));

/** Opens with the file's price; rules and kept variants join in by `settleProducts`. */
const sortKeysOf = (product: PlannedProduct) => ({
  title: product.title,
  sortPriceMinor: priceFromOf(product),
  published: product.published,
  createdAtMs: product.createdAtMs,
});

/** A product's own row. Prices and stock are of this file's variants; kept ones join in by a refresh. */
export function productRow(product: PlannedProduct, currency: string, nowMs: number): ProductRow {
  const { id, handle, vendor, productType, version, sourceHash } = product;
  const priceFromMinor = priceFromOf(product);
  const former = product.variants.flatMap(({ priceMinor, compareAtMinor }) =>
    priceMinor === priceFromMinor && compareAtMinor !== null && compareAtMinor > priceMinor
      ? [compareAtMinor]
      : [],
  );
  const [image] = product.images;
  return {
    id,
    handle,
    ...sortKeysOf(product),
    vendor,
    productType,
    vendorKey: lookupKey(vendor),
    typeKey: lookupKey(productType),
    tags: [...product.tags],
    currency,
    priceFromMinor,
    compareAtFromMinor: former.length > 0 ? Math.min(...former) : null,
    imageUrl: image?.url ?? null,
    imageAlt: image?.alt ?? "",
    inStock: product.variants.some(opensInStock),
    variantCount: product.variants.length,
    version,
    sourceHash,
    updatedAtMs: nowMs,
  };
}

/** What inventory will answer once it took the file's stock; from then on it says so itself. */
const opensInStock = ({ quantity, backorder }: PlannedVariant) => backorder || (quantity ?? 0) > 0;

export const variantRows = (product: PlannedProduct, nowMs: number): VariantRow[] =>
  product.variants.map((variant, at) => {
    const [option1 = null, option2 = null, option3 = null] = variant.options;
    return {
      id: variant.id,
      productId: product.id,
      sku: variant.sku,
      position: at + 1,
      title: variant.title,
      option1,
      option2,
      option3,
      priceMinor: variant.priceMinor,
      compareAtMinor: variant.compareAtMinor,
      grams: variant.grams,
      barcode: variant.barcode,
      imageUrl: variant.imageUrl,
      requiresShipping: variant.requiresShipping,
      taxable: variant.taxable,
      backorder: variant.backorder,
      // The last three are for a new variant; an update never touches them.
      backorderSent: false,
      inStock: opensInStock(variant),
      stockReceived: !opensInStock(variant),
      updatedAtMs: nowMs,
    };
  });

export const documentRow = (product: PlannedProduct, nowMs: number): DocumentRow => ({
  productId: product.id,
  handle: product.handle,
  descriptionHtml: product.descriptionHtml,
  attributes: product.attributes,
  seo: product.seo,
  updatedAtMs: nowMs,
});

export const optionRows = (product: PlannedProduct): (typeof productOptions.$inferInsert)[] =>
  product.optionNames.map((name, at) => {
    const used = [...product.variants.map(({ options }) => options), ...product.keptOptions];
    const values = used.flatMap((options) => options[at] ?? []);
    return { productId: product.id, position: at + 1, name, optionValues: [...new Set(values)] };
  });

export const imageRows = (product: PlannedProduct): (typeof productImages.$inferInsert)[] =>
  product.images.map((image, at) => ({ productId: product.id, position: at + 1, ...image }));

export const tagRows = (product: PlannedProduct): (typeof productTags.$inferInsert)[] =>
  product.tags.map((tag) => ({
    productId: product.id,
    tagKey: lookupKey(tag),
    ...sortKeysOf(product),
  }));

export type CategoryRows = {
  categories: (typeof categories.$inferInsert)[];
  memberships: (typeof productCategories.$inferInsert)[];
};

export async function categoryRows(
  products: readonly PlannedProduct[],
  nowMs: number,
): Promise<CategoryRows> {
  const named = products.flatMap((product) => product.categories);
  const titles = new Map(named.toReversed().map(({ handle, title }) => [handle, title]));
  const ids = new Map<string, CategoryId>();
  for (const handle of titles.keys()) ids.set(handle, await categoryIdOf(handle));
  return {
    categories: [...titles].map(([handle, title]) => {
      return { id: ids.get(handle)!, handle, title, createdAtMs: nowMs };
    }),
    memberships: products.flatMap((product) =>
      product.categories.map(({ handle }) => {
        return { productId: product.id, categoryId: ids.get(handle)!, ...sortKeysOf(product) };
      }),
    ),
  };
}
