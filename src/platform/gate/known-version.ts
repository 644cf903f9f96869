import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../http/context.ts";
import { Problem } from "../http/problem.ts";

const VERSIONS = ["v1", "v2"];

/** A path under `/api` names a version that there is. Say which there are rather than only "not found". */
export const knownVersion = createMiddleware<ApiEnv>(async (c, next) => {
  const [, , version = ""] = c.req.path.split("/");
  if (!VERSIONS.includes(version)) {
    throw new Problem("not-found", {
      detail: "there is no such version of this API",
      versions: VERSIONS,
    });
  }
  await next();
});
