import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { freshAuthKeys } from "../auth-keys/rotate.ts";

const Secrets = z.object({
  token: z.string(),
  staffKey: z.string(),
  /** The value of AUTH_KEYS. */
  authKeys: z.string(),
  stripe: z.string(),
  stripeWebhooks: z.string(),
  adyen: z.string(),
  /** 64 hexadecimal digits, as Adyen makes them. */
  adyenHmac: z.string(),
  mail: z.string(),
  /** Of the service account that sends notifications: PKCS #8 in PEM. */
  pushKey: z.string(),
  /** The shop's secret at the local issuer. */
  issuer: z.string(),
  redis: z.string(),
  mysql: z.string(),
  neon: z.string(),
});
/** Made for one directory and good for nothing outside it. */
export type Secrets = z.infer<typeof Secrets>;

/** Reads the directory's secrets; makes those that it does not have yet. */
export function localSecrets(dir: string): Secrets {
  const file = join(dir, "secrets.json");
  const kept = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>)
    : {};
  const random = () => randomBytes(24).toString("hex");
  const fresh: Secrets = {
    token: random(),
    staffKey: `stk_local_${random()}`,
    authKeys: JSON.stringify(freshAuthKeys("local")),
    stripe: `sk_test_local_${random()}`,
    stripeWebhooks: `whsec_local_${random()}`,
    adyen: `AQE_local_${random()}`,
    adyenHmac: randomBytes(32).toString("hex"),
    mail: `re_local_${random()}`,
    pushKey: typeof kept.pushKey === "string" ? kept.pushKey : newRsaKey(),
    issuer: random(),
    redis: random(),
    mysql: random(),
    neon: random(),
  };
  const secrets = Secrets.parse({ ...fresh, ...kept });
  if (Object.keys(fresh).every((name) => name in kept)) return secrets;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // Renamed into place: a crash in between must not leave half a file.
  writeFileSync(`${file}.new`, JSON.stringify(secrets, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return secrets;
}

/** PKCS #8 in PEM, as service accounts have it. */
export function newRsaKey(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
  return String(privateKey.export({ type: "pkcs8", format: "pem" }));
}

/** The value of STAFF_KEYS: who may call the operations routes, without the key itself. */
export function staffKeys(staffKey: string): string {
  const sha256 = createHash("sha256").update(staffKey).digest("hex");
  return JSON.stringify([{ id: "local", sha256, scopes: ["*"] }]);
}
