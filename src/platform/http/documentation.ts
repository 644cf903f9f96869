import { Hono } from "hono";
import { generateSpecs } from "hono-openapi";
import type { ApiEnv } from "./context.ts";

const INFO = {
  title: "Frontage",
  version: "2",
  description:
    "An edge-first storefront API. Money is an integer count of minor units. Errors are RFC 9457 problems. Writes honour `Idempotency-Key`.",
};

/** `/openapi.json`, made from the schemas that the routes themselves validate with; `/docs` reads it. */
export function documentation(api: Hono<ApiEnv>): Hono<ApiEnv> {
  let document: Promise<string> | undefined;
  return new Hono<ApiEnv>()
    .get("/openapi.json", async (c) => {
      // Made at the first request of an isolate: there is no I/O in it, but some work.
      document ??= openApi(api);
      return c.body(await document, 200, {
        "Content-Type": "application/json",
        "Cache-Control": "public, max-age=300",
      });
    })
    .get("/docs", (c) => c.redirect("/docs/", 301));
}

async function openApi(api: Hono<ApiEnv>): Promise<string> {
  const document = await generateSpecs(api, {
    // A path with a dot is no file here: `/.well-known/jwks.json`.
    excludeStaticFile: false,
    documentation: {
      openapi: "3.1.0",
      info: INFO,
      components: {
        securitySchemes: {
          staffKey: { type: "http", scheme: "bearer" },
          accessToken: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        },
      },
    },
  });
  return JSON.stringify(document);
}
