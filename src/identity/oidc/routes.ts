import { type Context, Hono } from "hono";
import { z } from "zod";
import type { OidcProvider } from "../../platform/config/config.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { invalid, Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { unreachable } from "../../shared/assert.ts";
import { timestamp } from "../../shared/clock.ts";
import { requireShopper } from "../authenticate.ts";
import { countOidc } from "../limits.ts";
import { SecondFactorNeeded, SessionTokens } from "../model.ts";
import { notSignedIn } from "../problems.ts";
import { requireRecent } from "../step-up/require-recent.ts";
import { type LinkRefusal, linkIdentity, unlinkIdentity } from "./change-links.ts";
import { findProvider, startFlow } from "./flow.ts";
import { listIdentities } from "./identity-store.ts";
import { type OidcRefusal, signInByOidc } from "./sign-in-by-oidc.ts";

const Path = z.object({ provider: z.string().regex(/^[a-z0-9-]{1,40}$/) });
const Start = z.object({
  redirectUri: z
    .string()
    .max(2_000)
    .optional()
    .describe("One of the pages that the shop has configured; the first of them by default"),
});
const Callback = z.object({
  flowToken: z.string().min(1).max(4_096),
  code: z.string().min(1).max(2_048),
  state: z.string().min(1).max(200),
  iss: z.string().max(500).optional().describe("Where the redirect brought one"),
});

const Started = z
  .object({
    authorizationUrl: z.string().describe("Send the browser there"),
    flowToken: z.string().describe("Keep it in this browser, and send it with what comes back"),
    expiresIn: z.int(),
  })
  .meta({ id: "OidcStarted" });
const Providers = z
  .object({ items: z.array(z.object({ id: z.string(), name: z.string() })), nextCursor: z.null() })
  .meta({ id: "OidcProviders" });
const Links = z
  .object({
    items: z.array(z.object({ provider: z.string().nullable(), linkedAt: z.iso.datetime() })),
    nextCursor: z.null(),
  })
  .meta({ id: "OidcLinks" });

const tag = "Identity";
const signedIn = { tag, audience: "shopper", signedIn: "required" } as const;
const ASKING = ["request-invalid", "not-found", "rate-limited", "dependency-unavailable"] as const;
const SENSITIVE = [...ASKING, "unauthorized", "step-up-required"] as const;

/** Signing in by an account elsewhere (OpenID Connect), for pages that are clients of this API. */
export const oidcRoutes = new Hono<ApiEnv>()
  .get(
    "/auth/oidc",
    describe({
      summary: "Where one may sign in by an account elsewhere",
      tag,
      audience: "public",
      responses: { 200: Providers },
    }),
    (c) => {
      const items = c.var.io.config.OIDC_PROVIDERS.map(({ id, name }) => ({ id, name }));
      return c.json({ items, nextCursor: null }, 200);
    },
  )
  .get(
    "/auth/oidc/links",
    describe({
      summary: "The accounts elsewhere that the shopper may sign in by",
      ...signedIn,
      responses: { 200: Links },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { io, shopper } = c.var;
      const linked = await listIdentities(io.sql, shopper!.userId);
      const nameOf = (issuer: string) =>
        io.config.OIDC_PROVIDERS.find((each) => each.issuer === issuer)?.id ?? null;
      const items = linked.map(({ issuer, linkedAtMs }) => ({
        provider: nameOf(issuer),
        linkedAt: timestamp(linkedAtMs),
      }));
      return c.json({ items, nextCursor: null }, 200);
    },
  )
  .post(
    "/auth/oidc/:provider/start",
    describe({
      summary: "Begin to sign in by an account elsewhere",
      tag,
      audience: "public",
      responses: { 200: Started },
      problems: ASKING,
    }),
    valid("param", Path),
    valid("json", Start),
    async (c) => {
      const provider = providerOf(c, c.req.valid("param").provider);
      const redirectUri = redirectOf(provider, c.req.valid("json").redirectUri);
      await countOidc(c);
      return c.json(await startFlow(c.var.io, provider, { use: "sign_in", redirectUri }), 200);
    },
  )
  .post(
    "/auth/oidc/:provider/callback",
    describe({
      summary: "Sign in by what the redirect brought back",
      tag,
      audience: "public",
      responses: { 200: z.union([SessionTokens, SecondFactorNeeded]) },
      problems: [...ASKING, "oidc-refused", "oidc-conflict"],
    }),
    valid("param", Path),
    valid("json", Callback),
    async (c) => {
      const provider = providerOf(c, c.req.valid("param").provider);
      await countOidc(c);
      const returned = c.req.valid("json");
      const opened = await signInByOidc(c.var.io, c.env, { provider, returned });
      if (!opened.ok) throw signInProblem(opened.error);
      return c.json(opened.value, 200);
    },
  )
  .post(
    "/auth/oidc/:provider/link",
    describe({
      summary: "Begin to link an account elsewhere",
      ...signedIn,
      responses: { 200: Started },
      problems: SENSITIVE,
    }),
    requireShopper,
    requireRecent,
    valid("param", Path),
    valid("json", Start),
    async (c) => {
      const provider = providerOf(c, c.req.valid("param").provider);
      const redirectUri = redirectOf(provider, c.req.valid("json").redirectUri);
      await countOidc(c);
      const { userId } = c.var.shopper!;
      return c.json(await startFlow(c.var.io, provider, { use: "link", userId, redirectUri }), 200);
    },
  )
  .post(
    "/auth/oidc/:provider/link/callback",
    describe({
      summary: "Link the account that the redirect brought back; ends all other sessions",
      ...signedIn,
      responses: { 200: SessionTokens },
      problems: [...SENSITIVE, "oidc-refused", "oidc-conflict"],
    }),
    requireShopper,
    requireRecent,
    valid("param", Path),
    valid("json", Callback),
    async (c) => {
      const provider = providerOf(c, c.req.valid("param").provider);
      await countOidc(c);
      const linking = { provider, returned: c.req.valid("json"), shopper: c.var.shopper! };
      const linked = await linkIdentity(c.var.io, c.env, linking);
      if (!linked.ok) throw linkProblem(linked.error);
      return c.json(linked.value, 200);
    },
  )
  .delete(
    "/auth/oidc/:provider/link",
    describe({
      summary: "Take a link away; ends all other sessions",
      ...signedIn,
      responses: { 200: SessionTokens },
      problems: SENSITIVE,
    }),
    requireShopper,
    requireRecent,
    valid("param", Path),
    async (c) => {
      const provider = providerOf(c, c.req.valid("param").provider);
      const unlinking = { provider, shopper: c.var.shopper! };
      const unlinked = await unlinkIdentity(c.var.io, c.env, unlinking);
      if (unlinked.ok) return c.json(unlinked.value, 200);
      throw unlinked.error.code === "session_ended" ? notSignedIn() : new Problem("not-found");
    },
  );

function providerOf(c: Context<ApiEnv>, id: string): OidcProvider {
  const provider = findProvider(c.var.io.config, id);
  if (!provider) throw new Problem("not-found");
  return provider;
}

/** Compared whole: a prefix or a pattern would send codes to whoever finds its gap. */
function redirectOf({ redirectUris }: OidcProvider, asked: string | undefined): string {
  const redirectUri =
    asked === undefined ? redirectUris[0] : redirectUris.find((uri) => uri === asked);
  if (redirectUri !== undefined) return redirectUri;
  throw invalid({ pointer: "/redirectUri", code: "unknown", message: "is not configured" });
}

const oidcRefused = () => new Problem("oidc-refused", {}, { "WWW-Authenticate": "Bearer" });

function signInProblem(error: OidcRefusal): Problem {
  switch (error.code) {
    case "oidc_refused":
      return oidcRefused();
    case "email_unverified":
    case "link_required":
      return new Problem("oidc-conflict", { reason: error.code });
    default:
      return unreachable(error);
  }
}

function linkProblem(error: LinkRefusal): Problem {
  switch (error.code) {
    case "oidc_refused":
      return oidcRefused();
    case "already_linked":
      return new Problem("oidc-conflict", { reason: error.code });
    case "session_ended":
      return notSignedIn();
    default:
      return unreachable(error);
  }
}
