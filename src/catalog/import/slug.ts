/** Lower-case ASCII words joined by dashes: "Größe 42 / Blau" → "grosse-42-blau". Empty when none is left. */
export function slug(text: string): string {
  return (
    text
      .replaceAll("ß", "ss")
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      // One dash at most stands at either end: the line above has made one of each run.
      .replaceAll(/^-|-$/g, "")
  );
}

/** The slug, or for text without a Latin letter or digit a short fingerprint of it. */
export const slugOrHash = (text: string): string => slug(text) || fnv1a(text);

const SKU_LENGTH_MAX = 64;
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;

/** 64-bit FNV-1a in 13 characters: for telling names apart, not for secrets. */
function fnv1a(text: string): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * PRIME);
  }
  return hash.toString(36).padStart(13, "0");
}

/**
 * A SKU for a variant that came without one. It follows from the handle and the option values alone,
 * so importing the file again names the same variant.
 */
export function deriveSku(handle: string, optionValues: readonly string[]): string {
  const sku = [handle, ...optionValues].map(slugOrHash).join("-");
  if (sku.length <= SKU_LENGTH_MAX) return sku;
  const suffix = fnv1a(sku);
  return `${sku.slice(0, SKU_LENGTH_MAX - suffix.length - 1)}-${suffix}`;
}
