import type { OidcProvider } from "../../platform/config/config.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { continueSignIn } from "../continue-sign-in.ts";
import { EmailInput } from "../email.ts";
import type { SecondFactorNeeded, SessionTokens } from "../model.ts";
import { findSecondFactor } from "../second-factor-of.ts";
import type { ChangeEnv } from "../sessions/change-sign-in.ts";
import { type Credential, findCredential } from "../user-store.ts";
import { finishFlow, type Returned } from "./flow.ts";
import { findIdentity } from "./identity-store.ts";
import { createAccount, linkFound } from "./open-account.ts";
import type { OidcPerson } from "./verify-id-token.ts";
import { whoSignsIn } from "./who-signs-in.ts";

export type OidcRefusal =
  | { code: "oidc_refused" }
  | { code: "email_unverified" }
  | { code: "link_required" };

/**
 * Signs in whom an issuer vouches for. An account elsewhere is a first proof, however it was opened there:
 * a second factor that is set here is asked for here.
 */
export async function signInByOidc(
  io: Io,
  env: ChangeEnv,
  { provider, returned }: { provider: OidcProvider; returned: Returned },
): Promise<Result<SessionTokens | SecondFactorNeeded, OidcRefusal>> {
  const person = await finishFlow(io, provider, { ...returned, use: "sign_in" });
  if (!person.ok) {
    const { reason } = person.error;
    logInfo("identity.oidc_refused", { provider: provider.id, reason, trace: io.trace });
    return err({ code: "oidc_refused" });
  }
  const found = await accountOf(io, env, provider, person.value);
  if (!found.ok) return found;
  const { userId, epoch } = found.value;
  const factor = await findSecondFactor(io, userId);
  const signedIn = await continueSignIn(io, { userId, epoch, methods: ["oidc"] }, factor);
  return signedIn.ok ? signedIn : err({ code: "oidc_refused" });
}

/** Somebody else may be making or linking the same account at this moment: then what they made is found. */
const TRIES = 3;

async function accountOf(
  io: Io,
  env: ChangeEnv,
  provider: OidcProvider,
  person: OidcPerson,
): Promise<Result<Credential, OidcRefusal>> {
  const { issuer } = provider;
  const identity = { issuer, subject: person.subject };
  const email = EmailInput.safeParse(person.verifiedEmail).data;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const [linked, byEmail] = await Promise.all([
      findIdentity(io.sql, identity),
      email && findCredential(io.sql, { emailKey: email.key }),
    ]);
    const known = { ...person, verifiedEmail: email?.address };
    const decision = whoSignsIn(known, { linked, byEmail }, provider);
    if (decision.kind === "refuse") return err({ code: decision.code });
    if (decision.kind === "create" && email) await createAccount(io, { ...identity, email });
    if (decision.kind === "link") await linkFound(io, env, { ...identity, ...decision });
    if (decision.kind !== "sign_in") continue;
    const user = await findCredential(io.sql, { userId: decision.userId });
    return user ? ok(user) : err({ code: "oidc_refused" });
  }
  // The account has another identity of that issuer already.
  return err({ code: "link_required" });
}
