import { canonicalJson, sha256Hex } from "../../shared/digest.ts";
import type { ProductId, Sku, VariantId } from "../../shared/ids.ts";
import type { StockReceipt } from "../model.ts";
import { productIdOf, variantIdOf } from "./ids.ts";
import { type ParsedProduct, sameOptions, VARIANTS_MAX } from "./read-products.ts";
import type { ParsedVariant } from "./read-variant.ts";
import { type Rejection, type RowRefusal, refuse } from "./rejections.ts";

export type KnownVariant = {
  id: VariantId;
  productId: ProductId;
  sku: Sku;
  options: readonly string[];
  backorderSent: boolean;
  stockReceived: boolean;
};
export type KnownProduct = {
  id: ProductId;
  handle: string;
  sourceHash: string;
  version: number;
  createdAtMs: number;
};
/** What the database holds of the products and SKUs of one batch. */
export type Known = { products: readonly KnownProduct[]; variants: readonly KnownVariant[] };

export type PlannedVariant = ParsedVariant & { id: VariantId; isNew: boolean };
export type PlannedProduct = Omit<ParsedProduct, "variants"> & {
  id: ProductId;
  version: number;
  createdAtMs: number;
  sourceHash: string;
  variants: readonly PlannedVariant[];
  /** Option values of variants that the file no longer names; they stay, so their values stay too. */
  keptOptions: readonly (readonly string[])[];
};
export type PendingReceipt = StockReceipt & { variantId: VariantId };
export type ImportPlan = {
  created: PlannedProduct[];
  updated: PlannedProduct[];
  skipped: number;
  rejected: Rejection[];
  receipts: PendingReceipt[];
};

/** Decides what an import changes, from the file and from what is known. Reads and writes nothing. */
export async function planImport(
  parsed: readonly ParsedProduct[],
  known: Known,
  nowMs: number,
): Promise<ImportPlan> {
  const plan: ImportPlan = { created: [], updated: [], skipped: 0, rejected: [], receipts: [] };
  const byHandle = new Map(known.products.map((product) => [product.handle, product]));
  const owners = new Map(known.variants.map((variant) => [variant.sku, variant]));
  const byProduct = Map.groupBy(known.variants, (variant) => variant.productId);
  for (const product of parsed) {
    const before = byHandle.get(product.handle);
    const id = before?.id ?? (await productIdOf(product.handle));
    const siblings = byProduct.get(id) ?? [];
    const accepted = acceptVariants(product, id, siblings, owners, plan.rejected);
    if (accepted.length === 0) continue;
    const sourceHash = await hashOf(product, accepted);
    const changed = before?.sourceHash !== sourceHash;
    const version = before ? before.version + (changed ? 1 : 0) : 1;
    const variants = await Promise.all(
      accepted.map(async (variant) => {
        const sibling = siblings.find(({ sku }) => sku === variant.sku);
        const variantId = sibling?.id ?? (await variantIdOf(id, variant.sku));
        const receipt = receiptFor({ ...variant, id: variantId }, sibling, version);
        if (receipt) plan.receipts.push(receipt);
        return { ...variant, id: variantId, isNew: sibling === undefined };
      }),
    );
    if (!changed) {
      plan.skipped += 1;
      continue;
    }
    const skus = new Set(accepted.map(({ sku }) => sku));
    const keptOptions = siblings.filter(({ sku }) => !skus.has(sku)).map(({ options }) => options);
    const createdAtMs = before?.createdAtMs ?? nowMs;
    const planned = { ...product, id, version, createdAtMs, sourceHash, variants, keptOptions };
    (before ? plan.updated : plan.created).push(planned);
  }
  return plan;
}

/** Refuses the variants that would clash with what is known, each by its own row. */
function acceptVariants(
  product: ParsedProduct,
  id: ProductId,
  siblings: readonly KnownVariant[],
  owners: ReadonlyMap<Sku, KnownVariant>,
  rejected: Rejection[],
): ParsedVariant[] {
  const inFile = new Set(product.variants.map(({ sku }) => sku));
  const kept = siblings.filter(({ sku }) => !inFile.has(sku));
  const accepted: ParsedVariant[] = [];
  for (const variant of product.variants) {
    const refusal = clash(variant, { id, kept, owners, accepted: accepted.length });
    if (refusal) rejected.push({ row: variant.row, ...refusal });
    else accepted.push(variant);
  }
  return accepted;
}

type Neighbours = {
  id: ProductId;
  kept: readonly KnownVariant[];
  owners: ReadonlyMap<Sku, KnownVariant>;
  accepted: number;
};

function clash(
  { sku, options }: ParsedVariant,
  { id, kept, owners, accepted }: Neighbours,
): RowRefusal | undefined {
  const owner = owners.get(sku);
  if (owner && owner.productId !== id) {
    return refuse("sku_taken", `another product has the SKU ${sku}`).error;
  }
  const twin = kept.find((other) => sameOptions(other.options, options));
  // A SKU names stock and carts' lines: it is not renamed under them by a file.
  if (twin)
    return refuse("options_taken", `these option values already have the SKU ${twin.sku}`).error;
  if (!owner && kept.length + accepted >= VARIANTS_MAX) {
    return refuse("variants_too_many", `a product has at most ${VARIANTS_MAX} variants`).error;
  }
  return undefined;
}

/** The fingerprint of what would be stored. Rows move and quantities are for new variants only: neither counts. */
function hashOf({ row: _row, ...product }: ParsedProduct, variants: readonly ParsedVariant[]) {
  const stored = variants.map(({ row: _, quantity: __, ...variant }) => variant);
  return sha256Hex(canonicalJson({ ...product, variants: stored }));
}

/**
 * What inventory still has to be told. It follows from what is stored as delivered, not from what
 * this run creates, so an import that broke after its write is mended by repeating it.
 */
function receiptFor(
  { id, sku, quantity, backorder }: ParsedVariant & { id: VariantId },
  known: KnownVariant | undefined,
  version: number,
): PendingReceipt | undefined {
  if (!known?.stockReceived) {
    const hasNews = (quantity ?? 0) > 0 || backorder;
    const movementId = `import:${id}`;
    return hasNews
      ? { variantId: id, sku, quantity: quantity ?? 0, backorder, movementId }
      : undefined;
  }
  if (known.backorderSent === backorder) return undefined;
  return { variantId: id, sku, quantity: 0, backorder, movementId: `policy:${id}:${version}` };
}
