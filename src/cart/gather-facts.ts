import { findVariants, type VariantInfo } from "../catalog/index.ts";
import { readAvailability } from "../inventory/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Sku } from "../shared/ids.ts";
import { lineTitle } from "../shared/line-title.ts";
import type { SkuFacts } from "./model.ts";
import type { CartEnv } from "./stub.ts";

/** Price, name and stock of each SKU now, from the truth. One round trip; none for no SKUs. */
export async function gatherFacts(
  io: Io,
  env: CartEnv,
  skus: readonly Sku[],
): Promise<Map<Sku, SkuFacts>> {
  if (skus.length === 0) return new Map();
  const [variants, stock] = await Promise.all([
    findVariants(io.sql, skus, io.clock.nowMs()),
    readAvailability(io, env, skus),
  ]);
  return new Map(
    skus.map((sku) => {
      const { available, backorder } = stock.get(sku) ?? { available: 0, backorder: false };
      return [sku, { sku, variant: variantFacts(variants.get(sku)), available, backorder }];
    }),
  );
}

function variantFacts(info: VariantInfo | undefined): SkuFacts["variant"] {
  if (!info) return null;
  const { variantId, productId, categoryIds, productHandle, productTitle } = info;
  const { priceMinor, currency, published } = info;
  const title = lineTitle(productTitle, info.title);
  return {
    variantId,
    productId,
    categoryIds,
    productHandle,
    title,
    priceMinor,
    currency,
    published,
  };
}
