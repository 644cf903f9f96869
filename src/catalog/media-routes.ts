import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { MEDIA_NAME, mediaHeaders } from "./media.ts";
import { mediaBucket } from "./stub.ts";

/** The images of the shop, out of R2. */
export const mediaRoutes = new Hono<ApiEnv>().get(
  "/media/:name",
  describe({
    summary: "An image; its name never changes its content, so it may be kept for a year",
    tag: "Catalogue",
    audience: "public",
    responses: { 200: z.string().meta({ format: "binary" }) },
    problems: ["not-found", "request-invalid"],
  }),
  valid("param", z.object({ name: z.string().max(200) })),
  async (c) => {
    const { name } = c.req.valid("param");
    if (!MEDIA_NAME.test(name)) throw new Problem("not-found");
    const object = await c.var.meter.step("r2", () =>
      mediaBucket(c.env).get(name, { onlyIf: c.req.raw.headers }),
    );
    if (!object) throw new Problem("not-found");
    const headers = mediaHeaders(name, object.httpEtag);
    if (!("body" in object)) {
      const { "Content-Type": _, ...others } = headers;
      return c.body(null, 304, others);
    }
    return c.body(object.body, 200, { ...headers, "Content-Length": String(object.size) });
  },
);
