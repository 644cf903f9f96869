import type { Io } from "../platform/io/io.ts";
import { err, type Result } from "../shared/result.ts";
import { continueSignIn } from "./continue-sign-in.ts";
import type { Email } from "./email.ts";
import type { SecondFactorNeeded, SessionTokens } from "./model.ts";
import { checkPassword } from "./passwords/check-password.ts";
import type { FindSecondFactor } from "./second-factor-of.ts";
import { findCredential, replaceHash } from "./user-store.ts";

export type SignInRefusal = { code: "credentials_refused" } | { code: "busy" };

/**
 * Signs somebody in by e-mail and password. Nobody can tell from a refusal, or from how long it took,
 * whether there is such an account.
 */
export async function logIn(
  io: Io,
  { email, password }: { email: Email; password: string },
  findSecondFactor: FindSecondFactor,
): Promise<Result<SessionTokens | SecondFactorNeeded, SignInRefusal>> {
  const known = await findCredential(io.sql, { emailKey: email.key });
  const kept = known?.passwordHash ?? undefined;
  const check = await checkPassword(io.config, password, kept);
  if (check === "busy") return err({ code: "busy" });
  if (!known || !check.isRight || known.status !== "active") {
    return err({ code: "credentials_refused" });
  }
  const { userId, epoch } = known;
  const proven = { userId, epoch, methods: ["password"] } as const;
  const [signedIn] = await Promise.all([
    continueSignIn(io, proven, await findSecondFactor(io, userId)),
    check.better && kept && replaceHash(io.sql, userId, { from: kept, to: check.better }),
  ]);
  return signedIn.ok ? signedIn : err({ code: "credentials_refused" });
}
