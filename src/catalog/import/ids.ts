import { CategoryId, encodeBase32, ProductId, type Sku, VariantId } from "../../shared/ids.ts";

/**
 * Ids of what an import makes follow from its names. Two imports of one file at once, or a repeat
 * after a lost answer, thus mean the same rows, documents and stock movements.
 */
export const productIdOf = async (handle: string) =>
  ProductId.parse(`prd_${await digest("product", handle)}`);

export const variantIdOf = async (productId: ProductId, sku: Sku) =>
  VariantId.parse(`var_${await digest("variant", `${productId}\n${sku}`)}`);

export const categoryIdOf = async (handle: string) =>
  CategoryId.parse(`cat_${await digest("category", handle)}`);

const DIGEST_BYTES = 16;

async function digest(kind: string, name: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${kind}\n${name}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return encodeBase32(hash.slice(0, DIGEST_BYTES));
}
