import { env } from "cloudflare:workers";
import type { AccessClaims } from "../../src/identity/tokens/token-claims.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import { accessToken } from "./access-token.ts";
import { wholeFeed } from "./whole-feed.ts";

export type SignedIn = { userId: UserId; headers: { Authorization: string } };

/** Somebody who is signed in and whom no table need know: tokens are believed without asking. */
export async function signedInShopper(
  userId: UserId = newId(UserId, "usr"),
  claims: Partial<AccessClaims> = {},
): Promise<SignedIn> {
  await wholeFeed();
  const token = await accessToken(configOf(env), { ...claims, sub: userId });
  return { userId, headers: { Authorization: `Bearer ${token}` } };
}
