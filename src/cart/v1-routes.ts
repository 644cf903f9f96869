import { Hono } from "hono";
import type { ApiEnv } from "../platform/http/context.ts";
import { cartRoutes } from "./routes.ts";

/** The cart has not changed its shape since v1, so the old prefix answers with the same routes. */
export const cartV1Routes = new Hono<ApiEnv>().route("/", cartRoutes);
