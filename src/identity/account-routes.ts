import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { evenAnswers } from "../platform/http/even-answers.ts";
import { idempotencyKeyOf } from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { unreachable } from "../shared/assert.ts";
import { EmailInput } from "./email.ts";
import { countLink, countMail } from "./limits.ts";
import { requestMail } from "./mails/request-mail.ts";
import { NewPassword } from "./passwords/password-rule.ts";
import { linkRefused, overloaded } from "./problems.ts";
import { register, verifyEmail } from "./register.ts";

const Registration = z.object({ email: EmailInput, password: NewPassword });
const Mailbox = z.object({ email: EmailInput });
export const LinkToken = z.string().min(1).max(200).describe("Behind `#token=` in the mail's link");
const Verification = z.object({ token: LinkToken });

/** The same for every address: whether it has an account is told by mail, to whoever reads it. */
export const MailIsComing = z
  .object({ next: z.literal("check-mail") })
  .meta({ id: "MailIsComing" });
const Verified = z.object({ next: z.literal("log-in") }).meta({ id: "Verified" });

export const MAIL_PROBLEMS = ["request-invalid", "rate-limited", "dependency-unavailable"] as const;
const CHECK_MAIL = { next: "check-mail" } as const;

export const accountRoutes = new Hono<ApiEnv>()
  .post(
    "/auth/register",
    describe({
      summary: "Ask for an account; it exists once the link in the mail is followed",
      tag: "Identity",
      audience: "public",
      responses: { 202: MailIsComing },
      headers: { "Idempotency-Key": "optional" },
      problems: [...MAIL_PROBLEMS, "overloaded", "idempotency-key-reused"],
    }),
    evenAnswers,
    valid("json", Registration),
    async (c) => {
      const registration = c.req.valid("json");
      const key = idempotencyKeyOf(c);
      await countMail(c, registration.email);
      const registered = await register(c.var.io, c.env, { ...registration, key });
      if (!registered.ok) throw registrationProblem(registered.error);
      return c.json(CHECK_MAIL, 202);
    },
  )
  .post(
    "/auth/verify-email",
    describe({
      summary: "Prove an address by the link in the mail: the account is there from now on",
      tag: "Identity",
      audience: "public",
      responses: { 200: Verified },
      problems: MAIL_PROBLEMS,
    }),
    valid("json", Verification),
    async (c) => {
      await countLink(c);
      const verified = await verifyEmail(c.var.io, c.req.valid("json").token);
      if (!verified.ok) throw linkRefused(verified.error);
      return c.json({ next: "log-in" } as const, 200);
    },
  )
  .post(
    "/auth/verify-email/resend",
    describe({
      summary: "Send the link of a registration once more",
      tag: "Identity",
      audience: "public",
      responses: { 202: MailIsComing },
      headers: { "Idempotency-Key": "optional" },
      problems: MAIL_PROBLEMS,
    }),
    evenAnswers,
    valid("json", Mailbox),
    async (c) => {
      const { email } = c.req.valid("json");
      const key = idempotencyKeyOf(c);
      await countMail(c, email);
      await requestMail(c.var.io, c.env, { purpose: "resend", email, key });
      return c.json(CHECK_MAIL, 202);
    },
  );

function registrationProblem(error: { code: "busy" } | { code: "key_reused" }): Problem {
  switch (error.code) {
    case "busy":
      return overloaded();
    case "key_reused":
      return new Problem("idempotency-key-reused");
    default:
      return unreachable(error);
  }
}
