import type { Config } from "../../platform/config/config.ts";
import { WorkGate } from "../../platform/isolate/work-gate.ts";
import { hmacToken, sameText } from "../../shared/digest.ts";
import { HASH_COST, isWeaker, readPhc, restOf, type StoredHash, writePhc } from "./hash-cost.ts";
import { deriveKey } from "./scrypt.ts";

const SALT_BYTES = 16;

type Keys = Pick<Config, "AUTH_KEYS">;

/** So many passwords wait in one isolate at most, each for those before it: about a second and a half. */
const HASHES_MAX = 16;
const gate = new WorkGate(HASHES_MAX);

/** A fresh hash of a password, or `busy`. */
export async function hashPassword(keys: Keys, password: string): Promise<string | "busy"> {
  return gate.run(() => freshHash(keys, password));
}

async function freshHash({ AUTH_KEYS: { seals } }: Keys, password: string): Promise<string> {
  const [newest] = seals;
  if (!newest) throw new Error("AUTH_KEYS has no seal");
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const key = base64(await deriveKey(await peppered(newest.secret, password), salt, HASH_COST));
  return writePhc({ ...HASH_COST, sealId: newest.id, salt: base64(salt), key });
}

export type Check = {
  isRight: boolean;
  /** The same password hashed as it would be today, where what is kept is weaker. */
  better?: string;
};

/**
 * Checks a password against what is kept of it. Without an account, without a password and with a
 * wrong one it does the same work, so that its duration tells nothing.
 */
export async function checkPassword(
  keys: Keys,
  password: string,
  kept: string | undefined,
): Promise<Check | "busy"> {
  return gate.run(async () => {
    const stored = kept === undefined ? undefined : readPhc(kept);
    if (!stored) {
      await spend(password, HASH_COST);
      return { isRight: false };
    }
    const isRight = await matches(keys, password, stored);
    if (isRight && needsRenewal(keys, stored)) {
      return { isRight, better: await freshHash(keys, password) };
    }
    const rest = restOf(stored);
    if (!isRight && rest) await spend(password, rest);
    return { isRight };
  });
}

const needsRenewal = ({ AUTH_KEYS: { seals } }: Keys, stored: StoredHash) =>
  isWeaker(stored) || stored.sealId !== seals[0]?.id;

async function matches(
  { AUTH_KEYS: { seals } }: Keys,
  password: string,
  stored: StoredHash,
): Promise<boolean> {
  const known = seals.find(({ id }) => id === stored.sealId);
  // A seal that was taken away takes its passwords with it: as much work, and never right.
  const pepper = known?.secret ?? "";
  const key = await deriveKey(await peppered(pepper, password), bytes(stored.salt), stored);
  return sameText(base64(key), stored.key) && known !== undefined;
}

async function spend(password: string, cost: Parameters<typeof deriveKey>[2]): Promise<void> {
  await deriveKey(await peppered("", password), new Uint8Array(SALT_BYTES), cost);
}

/** What is hashed is no password: without the seal, which no database holds, nothing can be guessed. */
const peppered = (secret: string, password: string) =>
  hmacToken(`pepper|${secret}`, password.normalize("NFKC"));

const base64 = (data: Uint8Array) => btoa(String.fromCharCode(...data)).replaceAll("=", "");
const bytes = (text: string) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
