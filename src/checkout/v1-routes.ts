import { Hono } from "hono";
import type { ApiEnv } from "../platform/http/context.ts";
import { checkoutRoutes } from "./routes.ts";

/** `/api/v1/checkout/…` answers with the same routes: the checkout has not changed its shape since v1. */
export const checkoutV1Routes = new Hono<ApiEnv>().route("/checkout", checkoutRoutes);
