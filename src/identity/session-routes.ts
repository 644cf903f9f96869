import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { evenAnswers } from "../platform/http/even-answers.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { timestamp } from "../shared/clock.ts";
import { requireShopper } from "./authenticate.ts";
import { EmailInput } from "./email.ts";
import { tryPassword } from "./limits.ts";
import { logIn } from "./log-in.ts";
import { SecondFactorNeeded, SessionTokens } from "./model.ts";
import { CurrentPassword } from "./passwords/password-rule.ts";
import { SIGN_IN_PROBLEMS, signInRefused } from "./problems.ts";
import type { FindSecondFactor } from "./second-factor-of.ts";
import { type Closed, closeAllSessions, closeSession } from "./sessions/close-session.ts";
import { readRefreshToken, refreshSession } from "./sessions/refresh-session.ts";

const RefreshToken = z.string().min(1).max(200);
const LogIn = z.object({ email: EmailInput, password: CurrentPassword });
const Refresh = z.object({ refreshToken: RefreshToken });
const LogOut = z.object({
  refreshToken: RefreshToken.optional().describe("Instead of an access token"),
});

const SignedOut = z
  .object({
    effectiveBy: z.iso
      .datetime()
      .nullable()
      .describe("From then on every request with the old tokens is refused, everywhere"),
  })
  .meta({ id: "SignedOut" });

/** Signing in, staying signed in, signing out. Whether a user has a second factor is known beside it. */
export const sessionRoutes = (findSecondFactor: FindSecondFactor) =>
  new Hono<ApiEnv>()
    .post(
      "/auth/login",
      describe({
        summary: "Sign in by e-mail and password",
        tag: "Identity",
        audience: "public",
        responses: { 200: z.union([SessionTokens, SecondFactorNeeded]) },
        problems: SIGN_IN_PROBLEMS,
      }),
      evenAnswers,
      valid("json", LogIn),
      async (c) => {
        const request = c.req.valid("json");
        const check = () => logIn(c.var.io, request, findSecondFactor);
        const signedIn = await tryPassword(c, request.email, check);
        if (!signedIn.ok) throw signInRefused(signedIn.error);
        return c.json(signedIn.value, 200);
      },
    )
    .post(
      "/auth/refresh",
      describe({
        summary:
          "Exchange a refresh token for the next tokens; a repeat within a minute is answered alike",
        tag: "Identity",
        audience: "public",
        responses: { 200: SessionTokens },
        problems: ["request-invalid", "unauthorized", "dependency-unavailable"],
      }),
      valid("json", Refresh),
      async (c) => {
        const { refreshToken } = c.req.valid("json");
        const refreshed = await refreshSession(c.var.io, c.env, refreshToken);
        if (!refreshed.ok) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
        return c.json(refreshed.value, 200);
      },
    )
    .post(
      "/auth/logout",
      describe({
        summary: "End the session of the access token, or of the refresh token in the body",
        tag: "Identity",
        audience: "shopper",
        signedIn: "optional",
        responses: { 200: SignedOut },
        problems: ["request-invalid", "unauthorized", "dependency-unavailable"],
      }),
      valid("json", LogOut),
      async (c) => {
        const { refreshToken } = c.req.valid("json");
        const named = refreshToken && (await readRefreshToken(c.var.io, refreshToken));
        const sessionId = c.var.shopper?.sessionId ?? (named || undefined)?.id;
        if (!sessionId) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
        const closed = await closeSession(c.var.io, c.env, sessionId, "logout");
        return c.json(signedOut(closed), 200);
      },
    )
    .post(
      "/auth/logout-all",
      describe({
        summary: "End all sessions of the shopper",
        tag: "Identity",
        audience: "shopper",
        signedIn: "required",
        responses: { 200: SignedOut },
        problems: ["unauthorized", "dependency-unavailable"],
      }),
      requireShopper,
      async (c) => {
        const { userId } = c.var.shopper!;
        const closed = await closeAllSessions(c.var.io, c.env, userId, "logout_all");
        return c.json(signedOut(closed), 200);
      },
    );

const signedOut = ({ effectiveByMs }: Closed) => ({
  effectiveBy: effectiveByMs === undefined ? null : timestamp(effectiveByMs),
});
