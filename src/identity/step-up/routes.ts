import { type Context, Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { Problem } from "../../platform/http/problem.ts";
import type { Shopper, SignInMethod } from "../../platform/http/shopper.ts";
import { valid } from "../../platform/http/valid.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { requireShopper } from "../authenticate.ts";
import { Code, RecoveryCode } from "../factors/routes.ts";
import { useRefused } from "../factors/use-refused.ts";
import { type GivenCode, useSecondFactor } from "../factors/use-second-factor.ts";
import { placesOf, tryPassword } from "../limits.ts";
import { SessionTokens } from "../model.ts";
import { oneProof } from "../one-proof.ts";
import { newChallenge, requestOptions } from "../passkeys/challenge.ts";
import { Assertion, RequestOptions } from "../passkeys/model.ts";
import { listPasskeys } from "../passkeys/passkey-store.ts";
import { type GivenPasskey, provePasskey } from "../passkeys/prove-passkey.ts";
import { checkPassword } from "../passwords/check-password.ts";
import { CurrentPassword } from "../passwords/password-rule.ts";
import { notSignedIn, passkeyRefused, SIGN_IN_PROBLEMS, signInRefused } from "../problems.ts";
import { findSecondFactor } from "../second-factor-of.ts";
import { findCredential } from "../user-store.ts";
import { raisingMethods } from "./recent-proof.ts";
import { stepUp } from "./step-up.ts";

const Passkey = z.object({ challengeToken: z.string().max(4_096), credential: Assertion });
const StepUp = z.object({
  password: CurrentPassword.optional().describe("Enough where no second factor is set"),
  code: Code.optional(),
  recoveryCode: RecoveryCode.optional(),
  passkey: Passkey.optional().describe("Answers `POST /auth/step-up/options`"),
});
const Options = z
  .object({ challengeToken: z.string(), publicKey: RequestOptions })
  .meta({ id: "PasskeyRequest" });

const signedIn = { tag: "Identity", audience: "shopper", signedIn: "required" } as const;

/** Raising a session to what sensitive changes ask for. */
export const stepUpRoutes = new Hono<ApiEnv>()
  .post(
    "/auth/step-up/options",
    describe({
      summary: "Get a challenge for one of the shopper's passkeys",
      ...signedIn,
      responses: { 200: Options },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { io } = c.var;
      const { userId } = c.var.shopper!;
      const [passkeys, made] = await Promise.all([
        listPasskeys(io.sql, userId),
        newChallenge(io, "step_up", userId),
      ]);
      const { challengeToken, challenge } = made;
      return c.json({ challengeToken, publicKey: requestOptions(io, challenge, passkeys) }, 200);
    },
  )
  .post(
    "/auth/step-up",
    describe({
      summary: "Prove anew who is asking; the tokens in the answer say so for ten minutes",
      ...signedIn,
      responses: { 200: SessionTokens },
      problems: [
        "unauthorized",
        "step-up-required",
        "second-factor-refused",
        "passkey-refused",
        ...SIGN_IN_PROBLEMS,
      ],
    }),
    requireShopper,
    valid("json", StepUp),
    async (c) => {
      const { password, code, recoveryCode, passkey } = c.req.valid("json");
      const proof = oneProof({ password, code, recoveryCode, passkey });
      const shopper = c.var.shopper!;
      const method = await provenBy(c, shopper, proof);
      const raised = await stepUp(c.var.io, shopper, method);
      if (!raised.ok) throw notSignedIn();
      return c.json(raised.value, 200);
    },
  );

type Proof =
  | { name: "password"; value: string }
  | { name: "code" | "recoveryCode"; value: string }
  | { name: "passkey"; value: GivenPasskey };

async function provenBy(
  c: Context<ApiEnv>,
  { userId }: Shopper,
  { name, value }: Proof,
): Promise<SignInMethod> {
  const { io } = c.var;
  switch (name) {
    case "password": {
      const factor = await findSecondFactor(io, userId);
      // What somebody knows is no proof of what they have.
      if (factor) throw new Problem("step-up-required", { methods: raisingMethods(factor) });
      return provenByPassword(c, userId, value);
    }
    case "code":
    case "recoveryCode": {
      const given: GivenCode = name === "code" ? { code: value } : { recoveryCode: value };
      const used = await useSecondFactor(io, c.env, { userId, given, places: placesOf(c) });
      if (!used.ok) throw useRefused(used.error);
      return used.value;
    }
    case "passkey": {
      const proven = await provePasskey(io, value, { use: "step_up", userId });
      if (!proven.ok) throw passkeyRefused();
      return "passkey";
    }
  }
}

async function provenByPassword(
  c: Context<ApiEnv>,
  userId: Shopper["userId"],
  password: string,
): Promise<SignInMethod> {
  const { io } = c.var;
  const known = await findCredential(io.sql, { userId });
  if (!known) throw notSignedIn();
  type Checked = Result<null, { code: "busy" } | { code: "credentials_refused" }>;
  const checked = await tryPassword(c, { key: known.emailKey }, async (): Promise<Checked> => {
    const check = await checkPassword(io.config, password, known.passwordHash ?? undefined);
    if (check === "busy") return err({ code: "busy" });
    return check.isRight ? ok(null) : err({ code: "credentials_refused" });
  });
  if (!checked.ok) throw signInRefused(checked.error);
  return "password";
}
