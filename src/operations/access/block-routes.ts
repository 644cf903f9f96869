import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { audited } from "../../platform/http/audited.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { idempotent } from "../../platform/http/idempotency.ts";
import { invalid, Problem } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { timestamp } from "../../shared/clock.ts";
import { BlockName, BlockView, blockFact, isOneBlock, NewBlock } from "./model.ts";
import { dropStanding, putStanding, readShelf, SHELVES, type Standing } from "./standing.ts";

const LIMIT_MAX = 100;
const Page = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(20),
  cursor: z.string().min(1).max(300).optional().describe("`nextCursor` of the page before"),
});

const BlockList = z
  .object({ items: z.array(BlockView), nextCursor: z.string().nullable() })
  .meta({ id: "BlockList" });
const Effective = z.object({
  effectiveBy: z.iso.datetime().describe("From then on it holds in every isolate"),
});
const MadeBlock = BlockView.extend(Effective.shape).meta({ id: "MadeBlock" });
const Unblocked = Effective.meta({ id: "Unblocked" });

const CHANGE_PROBLEMS = [
  "request-invalid",
  "idempotency-key-reused",
  "request-in-progress",
  "dependency-unavailable",
] as const;

type Named = { out: Record<"json" | "query", z.output<typeof BlockName>> };
const ofStaff = idempotent((c) => `staff:${c.var.staff}`);

/** Of what stands in the body and the query together, before anything is written down. */
const namesOne = createMiddleware<ApiEnv, string, Named>(async (c, next) => {
  if (!isOneBlock({ ...c.req.valid("json"), ...c.req.valid("query") })) throw invalid(ONE);
  await next();
});

export const blockRoutes = new Hono<ApiEnv>()
  .get(
    "/blocks",
    describe({
      summary: "Blocked networks and agents, in the order of their values",
      tag: "Operations",
      audience: "staff",
      scope: "access:read",
      responses: { 200: BlockList },
      problems: ["request-invalid", "dependency-unavailable"],
    }),
    valid("query", Page),
    async (c) => {
      const { limit, cursor = "" } = c.req.valid("query");
      const [networks, agents] = await Promise.all([
        readShelf(c.var.io, SHELVES.network),
        readShelf(c.var.io, SHELVES.agent),
      ]);
      const all = [...networks.entries, ...agents.entries].sort((a, b) =>
        a.fact < b.fact ? -1 : 1,
      );
      const after = all.filter(({ fact }) => fact > cursor);
      const items = after.slice(0, limit).map(blockView);
      const nextCursor = after.length > limit ? after[limit - 1]!.fact : null;
      return c.json({ items, nextCursor }, 200);
    },
  )
  .post(
    "/blocks",
    describe({
      summary: "Refuse an address, a network or an agent everywhere within a second",
      tag: "Operations",
      audience: "staff",
      scope: "access:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: MadeBlock },
      problems: CHANGE_PROBLEMS,
    }),
    ofStaff,
    valid("json", NewBlock),
    audited("access.blocked"),
    async (c) => {
      const { reason, until = null, ...target } = c.req.valid("json");
      const { io, staff = "unknown" } = c.var;
      const { kind, fact } = blockFact(target);
      const entry = { data: reason, by: staff, atMs: io.clock.nowMs(), untilMs: until };
      if (until !== null && until <= entry.atMs) throw invalid(PAST);
      const put = await putStanding(io, c.env, SHELVES[kind], [{ fact, ...entry }]);
      if (!put.ok) {
        const message = `there are ${put.error.max} already`;
        throw invalid({ pointer: "", code: put.error.code, message });
      }
      const effectiveBy = timestamp(put.value.effectiveByMs);
      return c.json({ ...blockView({ fact, ...entry }), effectiveBy }, 201);
    },
  )
  .delete(
    "/blocks",
    describe({
      summary: "Let an address, a network or an agent in again, named in the query or in a body",
      tag: "Operations",
      audience: "staff",
      scope: "access:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: Unblocked },
      problems: [...CHANGE_PROBLEMS, "not-found"],
    }),
    ofStaff,
    valid("query", BlockName),
    valid("json", BlockName),
    namesOne,
    audited("access.unblocked"),
    async (c) => {
      const { kind, fact } = blockFact({ ...c.req.valid("json"), ...c.req.valid("query") });
      const { known, appended } = await dropStanding(c.var.io, c.env, SHELVES[kind], [fact]);
      if (!known) throw new Problem("not-found");
      return c.json({ effectiveBy: timestamp(appended.effectiveByMs) }, 200);
    },
  );

const PAST = { pointer: "/until", code: "past", message: "has passed" };
const ONE = { pointer: "", code: "custom", message: "name one of address, cidr and userAgent" };

const AGENT = "agent:";

function blockView({ fact, data: reason, by, atMs, untilMs }: Standing): BlockView {
  const isAgent = fact.startsWith(AGENT);
  return {
    kind: isAgent ? "agent" : "network",
    value: isAgent ? fact.slice(AGENT.length) : fact,
    reason,
    by,
    at: timestamp(atMs),
    until: untilMs === null ? null : timestamp(untilMs),
  };
}
