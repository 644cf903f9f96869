import { z } from "zod";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u
const SUFFIX_BYTES = 16;

/** 128 random bits as 26 characters: unguessable, so an id may also serve as a capability. */
export function randomSuffix(): string {
  return encodeBase32(crypto.getRandomValues(new Uint8Array(SUFFIX_BYTES)));
}

/** As `randomSuffix`, but the same for the same name: for ids that must follow from what they name. */
export async function derivedSuffix(kind: string, name: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${kind}\n${name}`);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return encodeBase32(hash.slice(0, SUFFIX_BYTES));
}

export function encodeBase32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

const idSchema = <const P extends string>(prefix: P) =>
  z
    .string()
    .regex(new RegExp(`^${prefix}_[0-9a-z]{1,40}$`))
    .brand<P>();

export const ProductId = idSchema("prd");
export type ProductId = z.infer<typeof ProductId>;
export const VariantId = idSchema("var");
export type VariantId = z.infer<typeof VariantId>;
export const CategoryId = idSchema("cat");
export type CategoryId = z.infer<typeof CategoryId>;
export const PriceRuleId = idSchema("rul");
export type PriceRuleId = z.infer<typeof PriceRuleId>;
export const PromotionId = idSchema("prm");
export type PromotionId = z.infer<typeof PromotionId>;
export const VoucherId = idSchema("vou");
export type VoucherId = z.infer<typeof VoucherId>;
export const CartId = idSchema("crt");
export type CartId = z.infer<typeof CartId>;
export const LineId = idSchema("lin");
export type LineId = z.infer<typeof LineId>;
export const CheckoutId = idSchema("chk");
export type CheckoutId = z.infer<typeof CheckoutId>;
export const QuoteId = idSchema("quo");
export type QuoteId = z.infer<typeof QuoteId>;
export const OrderId = idSchema("ord");
export type OrderId = z.infer<typeof OrderId>;
export const BlockId = idSchema("blk");
export type BlockId = z.infer<typeof BlockId>;
export const ContentPageId = idSchema("cpg");
export type ContentPageId = z.infer<typeof ContentPageId>;
export const UserId = idSchema("usr");
export type UserId = z.infer<typeof UserId>;
export const AddressId = idSchema("adr");
export type AddressId = z.infer<typeof AddressId>;
export const SessionId = idSchema("ses");
export type SessionId = z.infer<typeof SessionId>;
export const PasskeyId = idSchema("pky");
export type PasskeyId = z.infer<typeof PasskeyId>;
export const DeviceId = idSchema("dev");
export type DeviceId = z.infer<typeof DeviceId>;
export const EventId = idSchema("evt");
export type EventId = z.infer<typeof EventId>;

/** A fresh id, already branded: `newId(OrderId, "ord")`. */
export function newId<S extends z.ZodType<string, string>>(schema: S, prefix: string): z.infer<S> {
  return schema.parse(`${prefix}_${randomSuffix()}`);
}

/** A stock-keeping unit as the merchant writes it: 1 to 64 printable characters, no spaces at the ends. */
export const Sku = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/)
  .brand<"sku">();
export type Sku = z.infer<typeof Sku>;
