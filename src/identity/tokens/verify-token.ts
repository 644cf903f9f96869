import { compactVerify } from "jose";
import { z } from "zod";
import { readJwtText } from "./jwt-text.ts";
import type { KeyRing } from "./key-ring.ts";

/** Exactly these: a key or an extension that a token brings along is never listened to. */
const Header = z.strictObject({ alg: z.string(), kid: z.string().max(64), typ: z.string() });

export type VerifiedToken = {
  claims: Record<string, unknown>;
  /** Which key vouches for it: it is asked for again whenever the token is. */
  kid: string;
};

/**
 * Whether a token is well-formed and signed by a live key of ours, for one kind of token. What it says
 * is not looked at. Undefined for all that is not so; the reasons are nobody's business.
 */
export async function verifySignature(
  ring: KeyRing,
  token: string,
  typ: string,
  nowMs: number,
): Promise<VerifiedToken | undefined> {
  const text = readJwtText(token);
  const header = Header.safeParse(text?.header).data;
  if (!text || header?.typ !== typ) return undefined;
  const key = ring.find(header.kid, nowMs);
  // The key says which algorithm it is for; the token may only agree.
  if (!key || key.alg !== header.alg) return undefined;
  const { verify } = await ring.ready(key);
  try {
    await compactVerify(token, verify, { algorithms: [key.alg] });
  } catch {
    return undefined;
  }
  return { claims: text.claims, kid: key.kid };
}
