import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { tokenDesk } from "./tokens/token-desk.ts";

const Jwks = z
  .object({
    keys: z.array(
      z.object({
        kid: z.string(),
        alg: z.string(),
        kty: z.string(),
        crv: z.string(),
        use: z.string(),
        x: z.string(),
        y: z.string().optional(),
      }),
    ),
  })
  .meta({ id: "Jwks" });

/** A new key is listed for longer than this before it signs: `docs`, "Keys of shoppers' tokens". */
const KEPT = "public, max-age=300";

export const jwksRoutes = new Hono<ApiEnv>().get(
  "/.well-known/jwks.json",
  describe({
    summary: "The public keys of access tokens (RFC 7517)",
    tag: "Identity",
    audience: "public",
    responses: { 200: Jwks },
  }),
  (c) => {
    c.header("Cache-Control", KEPT);
    const { config, clock } = c.var.io;
    return c.json({ keys: tokenDesk(config).publicKeys(clock.nowMs()) }, 200);
  },
);
