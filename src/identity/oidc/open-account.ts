import type { Io } from "../../platform/io/io.ts";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { newId, UserId } from "../../shared/ids.ts";
import { err, ok } from "../../shared/result.ts";
import type { Email } from "../email.ts";
import { users } from "../schema.ts";
import { type ChangeEnv, changeSignInEndingAll } from "../sessions/change-sign-in.ts";
import { insertIdentity, type OidcIdentity } from "./identity-store.ts";

type Identity = Pick<OidcIdentity, "issuer" | "subject">;

/** Leaves a transaction whose other half was taken by somebody faster. */
class Overtaken extends Error {}

/** Makes an account of an address that the issuer has verified, without a password. Nothing, if somebody was faster. */
export async function createAccount(
  { sql, clock, trace }: Io,
  { email, issuer, subject }: Identity & { email: Email },
): Promise<void> {
  const nowMs = clock.nowMs();
  const userId = newId(UserId, "usr");
  try {
    await sql.transaction(async (tx) => {
      await tx.insert(users).values({
        id: userId,
        email: email.address,
        emailKey: email.key,
        status: "active",
        sessionEpoch: 1,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      });
      const identity = { userId, issuer, subject, linkedAtMs: nowMs };
      if (!(await insertIdentity(tx, identity))) throw new Overtaken();
    });
  } catch (error) {
    if (error instanceof Overtaken || isDuplicateKey(error)) return;
    throw error;
  }
  logInfo("identity.account_made", { userId, issuer, trace });
}

/**
 * Links an identity with the account that has its address. All sessions end: whoever opened them did not
 * come this way, and the owner is told by mail. Nothing, if somebody was faster.
 */
export async function linkFound(
  io: Io,
  env: ChangeEnv,
  { userId, issuer, subject }: Identity & { userId: UserId },
): Promise<void> {
  const identity = { userId, issuer, subject, linkedAtMs: io.clock.nowMs() };
  const linked = await changeSignInEndingAll(io, env, {
    userId,
    reason: "oidc_linked",
    action: "account.oidc_linked",
    apply: async (tx) =>
      (await insertIdentity(tx, identity)) ? ok(null) : err({ code: "already_linked" }),
  });
  if (linked.ok) logInfo("identity.oidc_linked", { userId, issuer, trace: io.trace });
}
