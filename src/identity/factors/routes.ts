import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { invalid, Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { unreachable } from "../../shared/assert.ts";
import { requireShopper } from "../authenticate.ts";
import { placesOf } from "../limits.ts";
import { SessionTokens } from "../model.ts";
import { oneProof } from "../one-proof.ts";
import { notSignedIn } from "../problems.ts";
import { requireRecent } from "../step-up/require-recent.ts";
import { type ConfirmRefusal, confirmTotp } from "./confirm-totp.ts";
import { type DisableRefusal, disableTotp } from "./disable-totp.ts";
import { countRecoveryCodes } from "./recovery-code-store.ts";
import { type RenewRefusal, renewRecoveryCodes } from "./renew-recovery-codes.ts";
import { setUpTotp } from "./set-up-totp.ts";
import { findTotp } from "./totp-store.ts";
import { useRefused } from "./use-refused.ts";
import { type VerifyRefusal, verifyTwoFactor } from "./verify-two-factor.ts";

export const Code = z
  .string()
  .regex(/^\d{6}$/)
  .describe("Of the authenticator app");
export const RecoveryCode = z.string().min(1).max(40).describe("Instead of `code`");
const Confirm = z.object({ code: Code });
const Verify = z.object({
  twoFactorToken: z.string().min(1).max(4_096),
  code: Code.optional(),
  recoveryCode: RecoveryCode.optional(),
});

const RecoveryCodes = z.array(z.string()).describe("Each good once. Not shown again");
const Setup = z
  .object({
    secret: z.string().describe("In base 32, to be typed"),
    otpauthUri: z.string().describe("To be shown as a QR code"),
    expiresAt: z.iso.datetime().describe("Until when `POST /auth/2fa/confirm` takes a code of it"),
  })
  .meta({ id: "SecondFactorSetup" });
const FactorSet = SessionTokens.extend({ recoveryCodes: RecoveryCodes }).meta({
  id: "SecondFactorSet",
});
const Standing = z
  .object({ totp: z.boolean(), recoveryCodesLeft: z.int() })
  .meta({ id: "SecondFactor" });

const tag = "Identity";
const signedIn = { tag, audience: "shopper", signedIn: "required" } as const;
const SENSITIVE = ["unauthorized", "step-up-required", "dependency-unavailable"] as const;

/** The second factor: an authenticator app, with recovery codes on paper. */
export const factorRoutes = new Hono<ApiEnv>()
  .get(
    "/auth/2fa",
    describe({
      summary: "Whether a second factor is set, and how many recovery codes are left",
      ...signedIn,
      responses: { 200: Standing },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { io, shopper } = c.var;
      const { userId } = shopper!;
      const [totp, recoveryCodesLeft] = await Promise.all([
        findTotp(io.sql, userId),
        countRecoveryCodes(io.sql, userId),
      ]);
      return c.json({ totp: Boolean(totp?.secret), recoveryCodesLeft }, 200);
    },
  )
  .post(
    "/auth/2fa/setup",
    describe({
      summary: "Get the secret for an authenticator app; confirm it to set it",
      ...signedIn,
      responses: { 200: Setup },
      problems: SENSITIVE,
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const setup = await setUpTotp(c.var.io, c.var.shopper!.userId);
      if (!setup.ok) throw notSignedIn();
      return c.json(setup.value, 200);
    },
  )
  .post(
    "/auth/2fa/confirm",
    describe({
      summary: "Set the second factor by a code of it; ends all other sessions",
      ...signedIn,
      responses: { 200: FactorSet },
      problems: ["request-invalid", "second-factor-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    valid("json", Confirm),
    async (c) => {
      const { code } = c.req.valid("json");
      const set = await confirmTotp(c.var.io, c.env, { shopper: c.var.shopper!, code });
      if (!set.ok) throw confirmProblem(set.error);
      return c.json(set.value, 200);
    },
  )
  .post(
    "/auth/2fa/verify",
    describe({
      summary: "Complete a sign-in by the second factor",
      tag,
      audience: "public",
      responses: { 200: SessionTokens },
      problems: [
        "request-invalid",
        "unauthorized",
        "second-factor-refused",
        "rate-limited",
        "dependency-unavailable",
      ],
    }),
    valid("json", Verify),
    async (c) => {
      const { twoFactorToken, code, recoveryCode } = c.req.valid("json");
      const { name, value } = oneProof({ code, recoveryCode });
      const given = name === "code" ? { code: value } : { recoveryCode: value };
      const asked = { twoFactorToken, given, places: placesOf(c) };
      const verified = await verifyTwoFactor(c.var.io, c.env, asked);
      if (!verified.ok) throw verifyProblem(verified.error);
      return c.json(verified.value, 200);
    },
  )
  .post(
    "/auth/2fa/disable",
    describe({
      summary: "Remove the second factor and its recovery codes; ends all other sessions",
      ...signedIn,
      responses: { 200: SessionTokens },
      problems: ["second-factor-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const disabled = await disableTotp(c.var.io, c.env, c.var.shopper!);
      if (!disabled.ok) throw changeProblem(disabled.error);
      return c.json(disabled.value, 200);
    },
  )
  .post(
    "/auth/2fa/recovery-codes",
    describe({
      summary: "Replace the recovery codes; ends all other sessions",
      ...signedIn,
      responses: { 200: FactorSet },
      problems: ["second-factor-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const renewed = await renewRecoveryCodes(c.var.io, c.env, c.var.shopper!);
      if (!renewed.ok) throw changeProblem(renewed.error);
      return c.json(renewed.value, 200);
    },
  );

function changeProblem(error: DisableRefusal | RenewRefusal): Problem {
  switch (error.code) {
    case "not_set":
      return new Problem("second-factor-conflict", { reason: "not_set" });
    case "session_ended":
      return notSignedIn();
    default:
      return unreachable(error);
  }
}

function confirmProblem(error: ConfirmRefusal): Problem {
  switch (error.code) {
    case "nothing_pending":
      return new Problem("second-factor-conflict", { reason: "nothing_pending" });
    case "code_wrong":
      return invalid({ pointer: "/code", code: "wrong", message: "is not the app's code now" });
    case "session_ended":
      return notSignedIn();
    default:
      return unreachable(error);
  }
}

function verifyProblem(error: VerifyRefusal): Problem {
  switch (error.code) {
    case "step_ended":
      return notSignedIn();
    default:
      return useRefused(error);
  }
}
