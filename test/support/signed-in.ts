import { env } from "cloudflare:workers";
import { configOf } from "../../src/platform/config/config.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import { accessToken } from "./access-token.ts";

export type SignedIn = { userId: UserId; headers: { Authorization: string } };

/** Somebody who is signed in and whom no table knows: tokens are believed without asking. */
export async function signedInShopper(userId: UserId = newId(UserId, "usr")): Promise<SignedIn> {
  const token = await accessToken(configOf(env), { sub: userId });
  return { userId, headers: { Authorization: `Bearer ${token}` } };
}
