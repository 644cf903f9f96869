import { encodeBase32 } from "../../shared/ids.ts";

const ID_BYTES = 16;
const IDS_PER_DRAW = 256;

// Drawn for many ids at once: one call for 16 random bytes costs as much as the rest of a hot page.
const pool = new Uint8Array(ID_BYTES * IDS_PER_DRAW);
let used = pool.length;

/** The caller's own id where it can do no harm in logs and headers, else a fresh one of 128 random bits. */
export function newRequestId(offered: string | null | undefined): string {
  if (offered && /^[\w-]{8,64}$/.test(offered)) return offered;
  if (used === pool.length) {
    crypto.getRandomValues(pool);
    used = 0;
  }
  const bytes = pool.subarray(used, used + ID_BYTES);
  used += ID_BYTES;
  return `req_${encodeBase32(bytes)}`;
}
