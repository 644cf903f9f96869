import type { AuthKeys } from "../../platform/config/auth-keys.ts";
import { hmacToken, sameText } from "../../shared/digest.ts";

/**
 * A text that says what it refers to, and that only the holder of `AUTH_KEYS` can have made: 256 bits
 * of HMAC. Nothing of it is stored, so a leaked database opens nothing, and a guess costs no look-up.
 */
export type Sealed = { purpose: string; reference: string };

const MAC_LENGTH = 43;
const SEALED = new RegExp(
  `^([a-z0-9]{1,16})~([A-Za-z0-9_.]{1,80})~([A-Za-z0-9_-]{${MAC_LENGTH}})$`,
);

export async function seal({ seals }: AuthKeys, { purpose, reference }: Sealed): Promise<string> {
  const [newest] = seals;
  if (!newest) throw new Error("AUTH_KEYS has no seal");
  return `${newest.id}~${reference}~${await mac(newest.secret, purpose, reference)}`;
}

/** What a sealed text refers to; undefined for what nobody with the keys has made for this purpose. */
export async function unseal(
  { seals }: AuthKeys,
  purpose: string,
  text: string,
): Promise<string | undefined> {
  const [, id, reference, offered] = SEALED.exec(text) ?? [];
  const known = seals.find((each) => each.id === id);
  if (!known || reference === undefined || offered === undefined) return undefined;
  return sameText(await mac(known.secret, purpose, reference), offered) ? reference : undefined;
}

const mac = (secret: string, purpose: string, reference: string) =>
  hmacToken(secret, `seal|${purpose}|${reference}`);
