import type { OidcProvider } from "../../platform/config/config.ts";
import type { Shopper } from "../../platform/http/shopper.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { SessionTokens } from "../model.ts";
import { type ChangeEnv, changeSignIn } from "../sessions/change-sign-in.ts";
import { finishFlow, type Returned } from "./flow.ts";
import { deleteIdentity, insertIdentity } from "./identity-store.ts";

export type LinkRefusal =
  | { code: "oidc_refused" }
  | { code: "already_linked" }
  | { code: "session_ended" };

/** Links an account elsewhere with that of who is signed in, whatever its address. */
export async function linkIdentity(
  io: Io,
  env: ChangeEnv,
  { shopper, provider, returned }: { shopper: Shopper; provider: OidcProvider; returned: Returned },
): Promise<Result<SessionTokens, LinkRefusal>> {
  const { userId } = shopper;
  const { issuer } = provider;
  const person = await finishFlow(io, provider, { ...returned, use: "link", userId });
  if (!person.ok) {
    const { reason } = person.error;
    logInfo("identity.oidc_refused", { provider: provider.id, reason, userId, trace: io.trace });
    return err({ code: "oidc_refused" });
  }
  const { subject } = person.value;
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.oidc_linked",
    apply: async (tx) => {
      const identity = { userId, issuer, subject, linkedAtMs: io.clock.nowMs() };
      return (await insertIdentity(tx, identity)) ? ok(null) : err({ code: "already_linked" });
    },
  });
  if (changed.ok) logInfo("identity.oidc_linked", { userId, issuer, trace: io.trace });
  return changed;
}

/** Takes a link away. The password, or a reset of it by mail, still opens the account. */
export async function unlinkIdentity(
  io: Io,
  env: ChangeEnv,
  { shopper, provider }: { shopper: Shopper; provider: OidcProvider },
): Promise<Result<SessionTokens, { code: "not_linked" } | { code: "session_ended" }>> {
  const { userId } = shopper;
  const { issuer } = provider;
  const changed = await changeSignIn(io, env, {
    shopper,
    action: "account.oidc_unlinked",
    apply: async (tx) =>
      (await deleteIdentity(tx, { userId, issuer })) ? ok(null) : err({ code: "not_linked" }),
  });
  if (changed.ok) logInfo("identity.oidc_unlinked", { userId, issuer, trace: io.trace });
  return changed;
}
