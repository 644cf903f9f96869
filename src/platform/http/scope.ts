import { createMiddleware } from "hono/factory";
import type { ApiEnv } from "./context.ts";
import { Problem } from "./problem.ts";

/** The parts of the shop that staff may be let into one by one. */
export const AREAS = [
  "access",
  "accounts",
  "audit",
  "catalog",
  "content",
  "inventory",
  "orders",
  "pages",
  "promotions",
  "queues",
  "staff",
  "vouchers",
  "webhooks",
] as const;
type Area = (typeof AREAS)[number];

/** What one route asks for. To write an area is to read it too. */
export type Scope = `${Area}:${"read" | "write"}`;

/** Every scope there is. */
export const SCOPES = AREAS.flatMap((area): Scope[] => [`${area}:read`, `${area}:write`]);

/** Whether grants such as `*`, `*:read`, `orders:write` cover a scope. What is no grant covers nothing. */
export function allows(grants: readonly string[], scope: Scope): boolean {
  if (grants.includes("*") || grants.includes(scope)) return true;
  const [area, verb] = scope.split(":");
  return verb === "read" && (grants.includes("*:read") || grants.includes(`${area}:write`));
}

/** Every single scope that all of these sets of grants cover. */
export const scopesOf = (...sets: readonly (readonly string[])[]): Scope[] =>
  SCOPES.filter((scope) => sets.every((grants) => allows(grants, scope)));

/** Closes a route to keys that lack its scope, and to everybody where no key is asked for at all. */
export const requireScope = (scope: Scope) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const { grants } = c.var;
    if (!grants) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
    if (!allows(grants, scope)) throw new Problem("forbidden");
    await next();
  });
