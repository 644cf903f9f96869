import type { Config } from "../../platform/config/config.ts";

/** For whom passkeys are made: a domain with all below it, and the pages that may ask for them. */
export type RelyingParty = { id: string; name: string; origins: string[] };

export function relyingPartyOf({
  PUBLIC_URL,
  PASSKEY_RP_ID,
  PASSKEY_ORIGINS,
}: Pick<Config, "PUBLIC_URL" | "PASSKEY_RP_ID" | "PASSKEY_ORIGINS">): RelyingParty {
  const { hostname, origin } = new URL(PUBLIC_URL);
  const id = PASSKEY_RP_ID ?? hostname;
  return { id, name: id, origins: PASSKEY_ORIGINS.length > 0 ? PASSKEY_ORIGINS : [origin] };
}
