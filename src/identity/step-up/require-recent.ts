import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "../../platform/http/context.ts";
import { Problem } from "../../platform/http/problem.ts";
import { notSignedIn } from "../problems.ts";
import { findSecondFactor } from "../second-factor-of.ts";
import { lackingProofs } from "./recent-proof.ts";

/** `factor`: for who has none, the route itself asks for a proof, such as the current password. */
const recent = (asked: "always" | "factor") =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const { io, shopper } = c.var;
    if (!shopper) throw notSignedIn();
    // Asked of the database, not of the token: an older session must not pass for one of a second factor.
    const factor = await findSecondFactor(io, shopper.userId);
    const isAsked = asked === "always" || factor !== undefined;
    const methods = isAsked ? lackingProofs(shopper, factor, io.clock.nowMs()) : [];
    if (methods.length > 0) throw new Problem("step-up-required", { methods });
    await next();
  });

/**
 * Only who has proven themselves within ten minutes, and by a second factor where one is set: for what
 * would let a thief of a session stay. `POST /auth/step-up` gets a session there. Stands behind
 * `requireShopper`.
 */
export const requireRecent = recent("always");

/** The same, but only for who has a second factor; see `recent`. */
export const requireRecentFactor = recent("factor");
