import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { invalid, Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { unreachable } from "../../shared/assert.ts";
import { PasskeyId } from "../../shared/ids.ts";
import { requireShopper } from "../authenticate.ts";
import { SessionTokens } from "../model.ts";
import { notSignedIn, passkeyRefused } from "../problems.ts";
import { requireRecent } from "../step-up/require-recent.ts";
import { newChallenge, requestOptions } from "./challenge.ts";
import { Assertion, CreationOptions, NewCredential, PasskeyView, RequestOptions } from "./model.ts";
import { listPasskeys } from "./passkey-store.ts";
import { passkeyView } from "./passkey-view.ts";
import {
  type OptionsRefusal,
  type RegisterRefusal,
  registerPasskey,
  registrationOptions,
} from "./register-passkey.ts";
import { removePasskey } from "./remove-passkey.ts";
import { signInByPasskey } from "./sign-in-by-passkey.ts";

const ChallengeToken = z.string().min(1).max(4_096).describe("As `options` answered it");
const Register = z.object({
  challengeToken: ChallengeToken,
  credential: NewCredential,
  name: z.string().trim().min(1).max(60).default("Passkey").describe("For its owner's list"),
});
const LogIn = z.object({ challengeToken: ChallengeToken, credential: Assertion });
const Path = z.object({ passkeyId: PasskeyId });

const challengeToken = z.string().describe("Send it back with the credential");
const Creation = z
  .object({ challengeToken, publicKey: CreationOptions })
  .meta({ id: "PasskeyCreation" });
const Request = z
  .object({ challengeToken, publicKey: RequestOptions })
  .meta({ id: "PasskeyRequest" });
const Registered = SessionTokens.extend({ passkey: PasskeyView }).meta({ id: "PasskeyAdded" });
const Listed = z.object({ items: z.array(PasskeyView), nextCursor: z.null() });

const tag = "Identity";
const signedIn = { tag, audience: "shopper", signedIn: "required" } as const;
const SENSITIVE = ["unauthorized", "step-up-required", "dependency-unavailable"] as const;

/** Passkeys (WebAuthn): made by who is signed in, good for signing in without a password. */
export const passkeyRoutes = new Hono<ApiEnv>()
  .get(
    "/auth/passkeys",
    describe({
      summary: "The shopper's passkeys",
      ...signedIn,
      responses: { 200: Listed },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const known = await listPasskeys(c.var.io.sql, c.var.shopper!.userId);
      return c.json({ items: known.map(passkeyView), nextCursor: null }, 200);
    },
  )
  .post(
    "/auth/passkeys/register/options",
    describe({
      summary: "What a browser needs to make a passkey",
      ...signedIn,
      responses: { 200: Creation },
      problems: ["passkey-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    async (c) => {
      const options = await registrationOptions(c.var.io, c.var.shopper!);
      if (!options.ok) throw optionsProblem(options.error);
      return c.json(options.value, 200);
    },
  )
  .post(
    "/auth/passkeys/register/verify",
    describe({
      summary: "Add the passkey that was made; ends all other sessions",
      ...signedIn,
      responses: { 201: Registered },
      problems: ["request-invalid", "passkey-conflict", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    valid("json", Register),
    async (c) => {
      const registration = { ...c.req.valid("json"), shopper: c.var.shopper! };
      const added = await registerPasskey(c.var.io, c.env, registration);
      if (!added.ok) throw registerProblem(added.error);
      return c.json(added.value, 201);
    },
  )
  .post(
    "/auth/passkeys/login/options",
    describe({
      summary: "Get a challenge to sign in by a passkey",
      tag,
      audience: "public",
      responses: { 200: Request },
    }),
    async (c) => {
      const { io } = c.var;
      const made = await newChallenge(io, "sign_in");
      const publicKey = requestOptions(io, made.challenge, []);
      return c.json({ challengeToken: made.challengeToken, publicKey }, 200);
    },
  )
  .post(
    "/auth/passkeys/login/verify",
    describe({
      summary: "Sign in by a passkey, which is both factors",
      tag,
      audience: "public",
      responses: { 200: SessionTokens },
      problems: ["request-invalid", "passkey-refused", "dependency-unavailable"],
    }),
    valid("json", LogIn),
    async (c) => {
      const opened = await signInByPasskey(c.var.io, c.req.valid("json"));
      if (!opened.ok) throw passkeyRefused();
      return c.json(opened.value, 200);
    },
  )
  .delete(
    "/auth/passkeys/:passkeyId",
    describe({
      summary: "Remove a passkey; ends all other sessions",
      ...signedIn,
      responses: { 200: SessionTokens },
      problems: ["request-invalid", "not-found", ...SENSITIVE],
    }),
    requireShopper,
    requireRecent,
    valid("param", Path),
    async (c) => {
      const { passkeyId } = c.req.valid("param");
      const removed = await removePasskey(c.var.io, c.env, c.var.shopper!, passkeyId);
      if (removed.ok) return c.json(removed.value, 200);
      throw removed.error.code === "session_ended" ? notSignedIn() : new Problem("not-found");
    },
  );

function optionsProblem(error: OptionsRefusal): Problem {
  switch (error.code) {
    case "session_ended":
      return notSignedIn();
    case "passkey_limit":
      return new Problem("passkey-conflict", { reason: "limit", max: error.max });
    default:
      return unreachable(error);
  }
}

function registerProblem(error: RegisterRefusal): Problem {
  switch (error.code) {
    case "passkey_refused":
      return invalid({ pointer: "/credential", code: "refused", message: "cannot be accepted" });
    case "passkey_known":
      return new Problem("passkey-conflict", { reason: "known" });
    case "session_ended":
      return notSignedIn();
    default:
      return unreachable(error);
  }
}
