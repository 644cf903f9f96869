import type { SignInMethod } from "../platform/http/shopper.ts";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Email } from "./email.ts";
import type { SessionTokens } from "./model.ts";
import { checkPassword } from "./passwords/check-password.ts";
import type { FindSecondFactor } from "./second-factor-of.ts";
import { openSession, type ProvenUser } from "./sessions/open-session.ts";
import { type Step, tokenDesk } from "./tokens/token-desk.ts";
import { findCredential, replaceHash } from "./user-store.ts";

/** The step between a right password and the second factor. Its token opens nothing else. */
export const TWO_FACTOR_STEP: Step = { name: "two-factor", ttlSeconds: 5 * 60 };

export type SignedIn =
  | { kind: "session"; tokens: SessionTokens }
  | { kind: "second_factor"; token: string; expiresIn: number; methods: readonly SignInMethod[] };
export type SignInRefusal = { code: "credentials_refused" } | { code: "busy" };

/**
 * Signs somebody in by e-mail and password. Nobody can tell from a refusal, or from how long it took,
 * whether there is such an account.
 */
export async function logIn(
  io: Io,
  { email, password }: { email: Email; password: string },
  findSecondFactor: FindSecondFactor,
): Promise<Result<SignedIn, SignInRefusal>> {
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
    continueWith(io, proven, await findSecondFactor(io, userId)),
    check.better && kept && replaceHash(io.sql, userId, { from: kept, to: check.better }),
  ]);
  return signedIn;
}

async function continueWith(
  io: Io,
  proven: ProvenUser,
  factor: Awaited<ReturnType<FindSecondFactor>>,
): Promise<Result<SignedIn, SignInRefusal>> {
  const { userId, epoch, methods } = proven;
  if (factor) {
    const claims = { sub: userId, jti: crypto.randomUUID(), data: { epoch, methods } };
    const desk = tokenDesk(io.config);
    const signed = await desk.signStep(TWO_FACTOR_STEP, claims, io.clock.nowMs());
    const { token, expiresInSeconds: expiresIn } = signed;
    return ok({ kind: "second_factor", token, expiresIn, methods: factor.methods });
  }
  const opened = await openSession(io, proven);
  if (!opened.ok) return err({ code: "credentials_refused" });
  logInfo("identity.signed_in", { userId, methods: methods.join(" "), trace: io.trace });
  return ok({ kind: "session", tokens: opened.value });
}
