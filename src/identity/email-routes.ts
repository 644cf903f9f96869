import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { valid } from "../platform/http/valid.ts";
import { LinkToken, MAIL_PROBLEMS, MailIsComing } from "./account-routes.ts";
import { requireShopper } from "./authenticate.ts";
import { confirmEmailChange } from "./change-email.ts";
import { EmailInput } from "./email.ts";
import { countLink, countMail } from "./limits.ts";
import { requestMail } from "./mails/request-mail.ts";
import { linkRefused } from "./problems.ts";
import { requireRecent } from "./step-up/require-recent.ts";

const NewEmail = z.object({ email: EmailInput });
const Confirmation = z.object({ token: LinkToken });
const ChangedEmail = z.object({ email: z.string() }).meta({ id: "ChangedEmail" });

/** Another address for an account: the new one proves itself, the old one is told. */
export const emailRoutes = new Hono<ApiEnv>()
  .post(
    "/me/email",
    describe({
      summary: "Ask for another address; it is the account's once the link in its mail is followed",
      tag: "Account",
      audience: "shopper",
      signedIn: "required",
      headers: { "Idempotency-Key": "optional" },
      responses: { 202: MailIsComing },
      problems: [
        ...MAIL_PROBLEMS,
        "unauthorized",
        "step-up-required",
        "idempotency-key-reused",
        "request-in-progress",
      ],
    }),
    requireShopper,
    requireRecent,
    idempotent((c) => `email:${c.var.shopper?.userId}`),
    valid("json", NewEmail),
    async (c) => {
      const { email } = c.req.valid("json");
      await countMail(c, email);
      const { userId } = c.var.shopper!;
      await requestMail(c.var.io, c.env, { purpose: "change_email", email, userId });
      return c.json({ next: "check-mail" } as const, 202);
    },
  )
  .post(
    "/auth/email/confirm",
    describe({
      summary: "Prove the new address by the link in its mail",
      tag: "Identity",
      audience: "public",
      responses: { 200: ChangedEmail },
      problems: MAIL_PROBLEMS,
    }),
    valid("json", Confirmation),
    async (c) => {
      await countLink(c);
      const changed = await confirmEmailChange(c.var.io, c.env, c.req.valid("json").token);
      if (!changed.ok) throw linkRefused(changed.error);
      return c.json({ email: changed.value.email }, 200);
    },
  );
