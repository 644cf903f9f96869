import { CategoryId, derivedSuffix, ProductId, type Sku, VariantId } from "../../shared/ids.ts";

/**
 * Ids of what an import makes follow from its names. Two imports of one file at once, or a repeat
 * after a lost answer, thus mean the same rows, documents and stock movements.
 */
export const productIdOf = async (handle: string) =>
  ProductId.parse(`prd_${await derivedSuffix("product", handle)}`);

export const variantIdOf = async (productId: ProductId, sku: Sku) =>
  VariantId.parse(`var_${await derivedSuffix("variant", `${productId}\n${sku}`)}`);

export const categoryIdOf = async (handle: string) =>
  CategoryId.parse(`cat_${await derivedSuffix("category", handle)}`);
