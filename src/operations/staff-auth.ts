import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { openEdge } from "../platform/edge/open-edge.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import { sameText, sha256Hex } from "../shared/digest.ts";
import { actRecorder } from "./audit.ts";
import { findStaff, KeyCopies } from "./staff/find-staff.ts";
import { isStaffKey } from "./staff/key.ts";

const KEY_LENGTH_MAX = 200;

type Staff = { id: string; grants: readonly string[] };

/**
 * Lets staff keys through. What each may do is its route's to ask: `describe` names the scope. The
 * configured keys open the shop before there is anybody in the database.
 */
export const requireStaff = createMiddleware<ApiEnv>(async (c, next) => {
  const [scheme, key] = (c.req.header("Authorization") ?? "").split(" ");
  const isReadable = scheme?.toLowerCase() === "bearer" && key && key.length <= KEY_LENGTH_MAX;
  const staff = isReadable ? await staffOf(c, key) : undefined;
  if (!staff) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
  c.set("staff", staff.id);
  c.set("grants", staff.grants);
  c.set("recordAct", (act) => actRecorder(c.var.io, staff.id)(act));
  await next();
});

async function staffOf(c: Context<ApiEnv>, key: string): Promise<Staff | undefined> {
  if (!isStaffKey(key)) return configuredStaff(c, key);
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const { io, meter } = c.var;
  const edge = openEdge(c.env, meter, { waitUntil });
  return findStaff({ io, edge, copies: copiesOf(c.env), waitUntil }, key);
}

/** Every configured key is compared, so the time taken does not tell which one came close. */
async function configuredStaff(c: Context<ApiEnv>, key: string): Promise<Staff | undefined> {
  const digest = await sha256Hex(key);
  const matching = c.var.io.config.STAFF_KEYS.filter(({ sha256 }) => sameText(sha256, digest));
  const [known] = matching;
  return known && { id: known.id, grants: known.scopes };
}

const copies = new WeakMap<object, KeyCopies>();

/** One set of copies for an isolate, like the view of the feed that it is checked against. */
function copiesOf({ EDGE_FEED }: Env): KeyCopies {
  const known = copies.get(EDGE_FEED) ?? new KeyCopies();
  copies.set(EDGE_FEED, known);
  return known;
}
