import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { evenAnswers } from "../platform/http/even-answers.ts";
import { idempotencyKeyOf } from "../platform/http/idempotency.ts";
import { valid } from "../platform/http/valid.ts";
import { LinkToken, MAIL_PROBLEMS, MailIsComing } from "./account-routes.ts";
import { requireShopper } from "./authenticate.ts";
import { changePassword, resetPassword } from "./change-password.ts";
import { EmailInput, emailOf } from "./email.ts";
import { countLink, countMail, tryPassword, vouchForSignIn } from "./limits.ts";
import { requestMail } from "./mails/request-mail.ts";
import { SessionTokens } from "./model.ts";
import { CurrentPassword, NewPassword } from "./passwords/password-rule.ts";
import { linkRefused, notSignedIn, SIGN_IN_PROBLEMS, signInRefused } from "./problems.ts";
import { requireRecentFactor } from "./step-up/require-recent.ts";
import { findCredential } from "./user-store.ts";

const Forgotten = z.object({ email: EmailInput });
const Reset = z.object({ token: LinkToken, password: NewPassword });
const Change = z.object({ currentPassword: CurrentPassword, newPassword: NewPassword });
const WasReset = z.object({ next: z.literal("log-in") }).meta({ id: "PasswordReset" });

export const passwordRoutes = new Hono<ApiEnv>()
  .post(
    "/auth/password/forgot",
    describe({
      summary: "Send a link that sets a new password, if the address has an account",
      tag: "Identity",
      audience: "public",
      responses: { 202: MailIsComing },
      headers: { "Idempotency-Key": "optional" },
      problems: MAIL_PROBLEMS,
    }),
    evenAnswers,
    valid("json", Forgotten),
    async (c) => {
      const { email } = c.req.valid("json");
      const key = idempotencyKeyOf(c);
      await countMail(c, email);
      await requestMail(c.var.io, c.env, { purpose: "reset", email, key });
      return c.json({ next: "check-mail" } as const, 202);
    },
  )
  .post(
    "/auth/password/reset",
    describe({
      summary: "Set a new password by the link in the mail; every session ends",
      tag: "Identity",
      audience: "public",
      responses: { 200: WasReset },
      problems: [...MAIL_PROBLEMS, "overloaded"],
    }),
    valid("json", Reset),
    async (c) => {
      await countLink(c);
      const reset = await resetPassword(c.var.io, c.env, c.req.valid("json"));
      if (!reset.ok) throw linkRefused(reset.error);
      await vouchForSignIn(c, emailOf(reset.value.email));
      return c.json({ next: "log-in" } as const, 200);
    },
  )
  .post(
    "/auth/password/change",
    describe({
      summary: "Change the password; every other session ends, this one goes on with new tokens",
      tag: "Identity",
      audience: "shopper",
      signedIn: "required",
      responses: { 200: SessionTokens },
      problems: ["unauthorized", "step-up-required", ...SIGN_IN_PROBLEMS],
    }),
    requireShopper,
    // Who has none proves themselves by the current password.
    requireRecentFactor,
    valid("json", Change),
    async (c) => {
      const { currentPassword: current, newPassword: next } = c.req.valid("json");
      const shopper = c.var.shopper!;
      const { io } = c.var;
      const known = await findCredential(io.sql, { userId: shopper.userId });
      if (!known) throw notSignedIn();
      const change = () => changePassword(io, c.env, shopper, { known, current, next });
      const changed = await tryPassword(c, { key: known.emailKey }, change);
      if (!changed.ok) throw signInRefused(changed.error);
      return c.json(changed.value, 200);
    },
  );
