import { type Context, Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { invalid, Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { rateLimited } from "../../platform/limits/index.ts";
import { unreachable } from "../../shared/assert.ts";
import { requireShopper } from "../authenticate.ts";
import { SessionTokens } from "../model.ts";
import { requireRecent } from "../require-recent.ts";
import { type ConfirmRefusal, confirmTotp } from "./confirm-totp.ts";
import { disableTotp } from "./disable-totp.ts";
import { countRecoveryCodes } from "./recovery-code-store.ts";
import { renewRecoveryCodes } from "./renew-recovery-codes.ts";
import { setUpTotp } from "./set-up-totp.ts";
import { findTotp } from "./totp-store.ts";
import type { GivenCode } from "./use-second-factor.ts";
import { type VerifyRefusal, verifyTwoFactor } from "./verify-two-factor.ts";

const Code = z
  .string()
  .regex(/^\d{6}$/)
  .describe("Of the authenticator app");
const RecoveryCode = z.string().min(1).max(40);
const Confirm = z.object({ code: Code });
const Verify = z.object({
  twoFactorToken: z.string().min(1).max(4_096),
  code: Code.optional(),
  recoveryCode: RecoveryCode.optional().describe("Instead of `code`"),
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
const Renewed = z.object({ recoveryCodes: RecoveryCodes }).meta({ id: "RecoveryCodes" });
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
      if (!setup.ok) throw sessionEnded();
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
      const { twoFactorToken, ...codes } = c.req.valid("json");
      const given = givenCode(codes);
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
      if (disabled.ok) return c.json(disabled.value, 200);
      throw disabled.error.code === "not_set"
        ? new Problem("second-factor-conflict", { reason: "not_set" })
        : sessionEnded();
    },
  )
  .post(
    "/auth/2fa/recovery-codes",
    describe({
      summary: "Replace the recovery codes",
      ...signedIn,
      responses: { 200: Renewed },
      problems: ["second-factor-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const renewed = await renewRecoveryCodes(c.var.io, c.var.shopper!.userId);
      if (!renewed.ok) throw new Problem("second-factor-conflict", { reason: "not_set" });
      return c.json({ recoveryCodes: renewed.value }, 200);
    },
  );

/** Exactly one of the two. */
function givenCode({
  code,
  recoveryCode,
}: {
  code?: string | undefined;
  recoveryCode?: string | undefined;
}): GivenCode {
  if (code !== undefined && recoveryCode === undefined) return { code };
  if (recoveryCode !== undefined && code === undefined) return { recoveryCode };
  throw invalid({ pointer: "/code", code: "one_of", message: "send code or recoveryCode" });
}

const placesOf = (c: Context<ApiEnv>) => [c.req.header("CF-Connecting-IP") ?? ""];

const sessionEnded = () =>
  new Problem("unauthorized", {}, { "WWW-Authenticate": 'Bearer error="invalid_token"' });

function confirmProblem(error: ConfirmRefusal): Problem {
  switch (error.code) {
    case "nothing_pending":
      return new Problem("second-factor-conflict", { reason: "nothing_pending" });
    case "code_wrong":
      return invalid({ pointer: "/code", code: "wrong", message: "is not the app's code now" });
    case "session_ended":
      return sessionEnded();
    default:
      return unreachable(error);
  }
}

function verifyProblem(error: VerifyRefusal): Problem {
  switch (error.code) {
    case "step_ended":
      return sessionEnded();
    case "code_refused":
      return new Problem("second-factor-refused", {}, { "WWW-Authenticate": "Bearer" });
    case "rate_limited":
      return rateLimited(error);
    default:
      return unreachable(error);
  }
}
