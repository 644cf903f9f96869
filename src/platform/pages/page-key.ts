import { sha256Hex } from "../../shared/digest.ts";

export type KeyParams = Readonly<Record<string, string | number | boolean | undefined>>;
export type KeyMarket = { currency: string; locale: string };

/**
 * The one name of a page. It is made of what was validated, never of the URL as it was sent: unknown
 * parameters and their order do not appear in it, and no header can.
 */
export function pageKey(name: string, params: KeyParams, { currency, locale }: KeyMarket): string {
  const parts = Object.keys(params)
    .filter((param) => params[param] !== undefined)
    .sort()
    .map((param) => `${encoded(param)}=${encoded(String(params[param]))}`);
  return `${name}|${currency.toUpperCase()}|${locale.toLowerCase()}|${parts.join("&")}`;
}

const encoded = (text: string) => encodeURIComponent(text.toWellFormed());

const DIGEST_DIGITS = 40;

/** A page's name where names have to be short: 160 bits of SHA-256, of which nobody can choose two alike. */
export const pageDigest = async (key: string): Promise<string> =>
  (await sha256Hex(key)).slice(0, DIGEST_DIGITS);

/** Every page carries a tag of its own, so that it can be purged alone. */
export const pageTag = (digest: string): string => `page:${digest}`;
