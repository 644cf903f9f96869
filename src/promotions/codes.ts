import { hmacToken, sha256Hex } from "../shared/digest.ts";
import { derivedSuffix, encodeBase32, VoucherId } from "../shared/ids.ts";

const CODE_CHARACTERS = 20;
const GROUP = 4;
const MASK_SHOWN = 4;
const CODE_BYTES = 16;

/** 100 random bits in five groups of four: too many to guess, few enough to type. */
export function newVoucherCode(): string {
  return grouped(encodeBase32(crypto.getRandomValues(new Uint8Array(CODE_BYTES))));
}

/**
 * The code of a request that carries an Idempotency-Key. It follows from the key under a secret, so
 * that a repeat is told the same code although no storage holds one.
 */
export async function derivedVoucherCode(secret: string, staff: string, key: string) {
  const token = await hmacToken(secret, ["voucher", staff, key].join("|"));
  return grouped(await derivedSuffix("voucher-code", token));
}

/** As it is typed, so it is read: case, spaces and dashes mean nothing, and neither does O for 0. */
export const normalVoucherCode = (text: string): string =>
  text.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");

/** The name of a voucher's object. The code follows from no stored byte: this is a hash of it. */
export async function voucherIdOf(code: string): Promise<VoucherId> {
  return VoucherId.parse(`vou_${await derivedSuffix("voucher", normalVoucherCode(code))}`);
}

export const maskOf = (code: string): string => `••••${normalVoucherCode(code).slice(-MASK_SHOWN)}`;

/** Whom a limit per shopper counts where somebody is signed in. */
export const accountKey = (userId: string): string => `user:${userId}`;

/**
 * Whom a limit per shopper counts otherwise: a mail address, where a tag after "+" is the same
 * mailbox. Hashed, so that a coupon's object keeps no address.
 */
export async function guestKey(email: string): Promise<string> {
  const [local = "", domain = ""] = email.trim().toLowerCase().split("@");
  return `mail:${await sha256Hex(`${local.split("+")[0]}@${domain}`)}`;
}

const grouped = (characters: string): string =>
  (
    characters
      .toUpperCase()
      .slice(0, CODE_CHARACTERS)
      .match(new RegExp(`.{${GROUP}}`, "g")) ?? []
  ).join("-");
