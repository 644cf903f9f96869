import { eq, inArray } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import { products, variants } from "../schema.ts";
import type { Known, KnownVariant } from "./plan-import.ts";
import type { ParsedProduct } from "./read-products.ts";

/** Two statements side by side: the products of a batch with all their variants, and whoever has its SKUs. */
export async function readKnown(
  session: SqlSession,
  batch: readonly ParsedProduct[],
): Promise<Known> {
  const handles = batch.map((product) => product.handle);
  const skus = batch.flatMap((product) => product.variants.map((variant) => variant.sku));
  const product = {
    id: products.id,
    handle: products.handle,
    sourceHash: products.sourceHash,
    version: products.version,
    createdAtMs: products.createdAtMs,
  };
  const [siblings, owners] = await Promise.all([
    session
      .select({ product, variant: VARIANT })
      .from(products)
      .leftJoin(variants, eq(variants.productId, products.id))
      .where(inArray(products.handle, handles)),
    session.select(VARIANT).from(variants).where(inArray(variants.sku, skus)),
  ]);
  const rows = [...siblings.flatMap(({ variant }) => variant ?? []), ...owners];
  return {
    products: [...new Map(siblings.map((row) => [row.product.id, row.product])).values()],
    variants: [...new Map(rows.map((row) => [row.id, knownVariant(row)])).values()],
  };
}

const VARIANT = {
  id: variants.id,
  productId: variants.productId,
  sku: variants.sku,
  option1: variants.option1,
  option2: variants.option2,
  option3: variants.option3,
  backorderSent: variants.backorderSent,
  stockReceived: variants.stockReceived,
};

type OptionColumns = Record<"option1" | "option2" | "option3", string | null>;

function knownVariant(row: Omit<KnownVariant, "options"> & OptionColumns): KnownVariant {
  const { option1, option2, option3, ...variant } = row;
  return { ...variant, options: [option1, option2, option3].filter((value) => value !== null) };
}
