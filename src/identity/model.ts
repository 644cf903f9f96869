import { z } from "zod";
import { SIGN_IN_METHODS } from "../platform/http/shopper.ts";

export type UserStatus = "active" | "disabled";

/** What an account mail is about, and what its link may do. */
export type MailPurpose =
  | "register"
  | "resend"
  | "reset"
  | "change_email"
  | "email_changed"
  | "password_changed"
  | "sign_in_changed";

/** What opens everything: an access token for requests, a refresh token for the next access token. */
export const SessionTokens = z
  .object({
    accessToken: z.string().describe("For `Authorization: Bearer`"),
    expiresIn: z.int().describe("Seconds until the access token ends"),
    refreshToken: z.string().describe("Good once, for `POST /auth/refresh`"),
  })
  .meta({ id: "SessionTokens" });
export type SessionTokens = z.infer<typeof SessionTokens>;

/** A first proof was right, and another is asked for. */
export const SecondFactorNeeded = z
  .object({
    twoFactorToken: z.string().describe("For `POST /auth/2fa/verify`, and for nothing else"),
    expiresIn: z.int(),
    methods: z.array(z.enum(SIGN_IN_METHODS)),
  })
  .meta({ id: "SecondFactorNeeded" });
export type SecondFactorNeeded = z.infer<typeof SecondFactorNeeded>;
