/**
 * What one hash costs: `N·r·128` bytes of memory, filled `p` times. 16 MiB, because an isolate has 128 for
 * everything; `p` makes up for it in time (the pair is one of OWASP's for scrypt).
 */
export type HashCost = { logN: number; r: number; p: number };

export const HASH_COST: HashCost = { logN: 14, r: 8, p: 5 };

const BYTES_MAX = 64 * 1024 * 1024;

/** A hash as it is kept: `$scrypt$ln=14,r=8,p=5,keyid=k1$<salt>$<key>`, both in base64 without padding. */
export type StoredHash = HashCost & { sealId: string; salt: string; key: string };

const PHC =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2}),keyid=([a-z0-9]{1,16})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

export function readPhc(text: string): StoredHash | undefined {
  const [, logN, r, p, sealId, salt, key] = PHC.exec(text) ?? [];
  if (sealId === undefined || salt === undefined || key === undefined) return undefined;
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  return bytesOf(cost) <= BYTES_MAX && cost.p > 0 ? { ...cost, sealId, salt, key } : undefined;
}

export const writePhc = ({ logN, r, p, sealId, salt, key }: StoredHash): string =>
  `$scrypt$ln=${logN},r=${r},p=${p},keyid=${sealId}$${salt}$${key}`;

const bytesOf = ({ logN, r }: HashCost) => 128 * r * 2 ** logN;
const workOf = (cost: HashCost) => 2 ** cost.logN * cost.r * cost.p;

/** Whether a hash is less work than it would be today: it is made anew at the next sign-in. */
export const isWeaker = (cost: HashCost, today = HASH_COST): boolean =>
  workOf(cost) < workOf(today) || bytesOf(cost) < bytesOf(today);

/** What is left to do after a cheaper hash, so that old accounts take as long to refuse as no account. */
export function restOf(cost: HashCost, today = HASH_COST): HashCost | undefined {
  const passes = Math.round((workOf(today) - workOf(cost)) / (2 ** today.logN * today.r));
  return passes > 0 ? { ...today, p: passes } : undefined;
}
