import type { AccessClaims } from "../../src/identity/tokens/token-claims.ts";
import { TokenDesk } from "../../src/identity/tokens/token-desk.ts";
import type { Config } from "../../src/platform/config/config.ts";
import { newId, SessionId, UserId } from "../../src/shared/ids.ts";

/** An access token as sign-in would give it, for a user and a session that nobody has heard of. */
export async function accessToken(
  config: Pick<Config, "PUBLIC_URL" | "AUTH_KEYS">,
  claims: Partial<AccessClaims> = {},
  nowMs = Date.now(),
): Promise<string> {
  const own = {
    sub: newId(UserId, "usr"),
    sid: newId(SessionId, "ses"),
    epoch: 1,
    auth_time: Math.floor(nowMs / 1_000),
    amr: ["password" as const],
    ...claims,
  };
  return (await new TokenDesk(config).signAccess(own, nowMs)).token;
}
