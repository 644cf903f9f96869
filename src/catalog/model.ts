import { z } from "zod";
import { CategoryId, ProductId, Sku, VariantId } from "../shared/ids.ts";
import { type Minor, Money } from "../shared/money.ts";

/** What cart and checkout need to price and describe a SKU. Always read from the truth, never kept. */
export type VariantInfo = {
  sku: Sku;
  variantId: VariantId;
  productId: ProductId;
  categoryIds: readonly CategoryId[];
  productHandle: string;
  productTitle: string;
  /** "Small / Blue"; the product's own title where the product has no options. */
  title: string;
  priceMinor: Minor;
  /** Only when it is above the price: a "was" price that is not higher says nothing. */
  compareAtMinor: Minor | null;
  currency: string;
  requiresShipping: boolean;
  taxable: boolean;
  grams: number;
  imageUrl: string | null;
  /** Sold even when none is left. */
  backorder: boolean;
  /** An unpublished product's variants still resolve, so that a cart can say why a line cannot be bought. */
  published: boolean;
};

export const Image = z.object({ url: z.string(), alt: z.string() }).meta({ id: "Image" });
export type Image = z.infer<typeof Image>;

export const ProductSummary = z
  .object({
    id: ProductId,
    handle: z.string(),
    title: z.string(),
    vendor: z.string(),
    productType: z.string(),
    priceFrom: Money.describe("The lowest price of its variants"),
    compareAtFrom: Money.optional().describe("The former price of that cheapest variant"),
    image: Image.optional(),
    inStock: z.boolean(),
    tags: z.array(z.string()),
  })
  .meta({ id: "ProductSummary" });
export type ProductSummary = z.infer<typeof ProductSummary>;

export const ProductList = z
  .object({ items: z.array(ProductSummary), nextCursor: z.string().nullable() })
  .meta({ id: "ProductList" });
export type ProductList = z.infer<typeof ProductList>;

export const Variant = z
  .object({
    id: VariantId,
    sku: Sku,
    title: z.string().describe("Option values joined by ` / `, else the product's title"),
    options: z.record(z.string(), z.string()).describe("Option name to value"),
    price: Money,
    compareAtPrice: Money.optional(),
    inStock: z.boolean(),
    grams: z.int().optional(),
    barcode: z.string().optional(),
    image: Image.optional(),
  })
  .meta({ id: "Variant" });
export type Variant = z.infer<typeof Variant>;

export const Category = z
  .object({ id: CategoryId, handle: z.string(), title: z.string() })
  .meta({ id: "Category" });
export type Category = z.infer<typeof Category>;

export const CategoryList = z
  .object({ items: z.array(Category), nextCursor: z.string().nullable() })
  .meta({ id: "CategoryList" });
export type CategoryList = z.infer<typeof CategoryList>;

export const Seo = z.object({ title: z.string().optional(), description: z.string().optional() });
export type Seo = z.infer<typeof Seo>;

/** Free-form facts of a product by the merchant's own names, such as `googleProductCategory`. */
export const Attributes = z.record(z.string(), z.string());
export type Attributes = z.infer<typeof Attributes>;

export const Product = z
  .object({
    id: ProductId,
    handle: z.string(),
    title: z.string(),
    descriptionHtml: z.string().describe("Sanitised: no scripts, styles, frames or event handlers"),
    vendor: z.string(),
    productType: z.string(),
    tags: z.array(z.string()),
    options: z.array(z.object({ name: z.string(), values: z.array(z.string()) })),
    variants: z.array(Variant),
    images: z.array(Image),
    categories: z.array(Category),
    attributes: Attributes,
    seo: Seo,
  })
  .meta({ id: "Product" });
export type Product = z.infer<typeof Product>;

const SORTS = ["title", "-title", "price", "-price", "newest"] as const;
export const Sort = z.enum(SORTS);
export type Sort = z.infer<typeof Sort>;

/** Stock that came with a catalogue file. Repeating a `movementId` must change nothing. */
export type StockReceipt = {
  sku: Sku;
  /** Units to add; 0 only tells the backorder policy. */
  quantity: number;
  backorder: boolean;
  movementId: string;
};
export type ReceiveStock = (items: StockReceipt[]) => Promise<void>;
