import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { idempotent } from "../../platform/http/idempotency.ts";
import { Problem } from "../../platform/http/problem.ts";
import { SIGN_IN_METHODS } from "../../platform/http/shopper.ts";
import { valid } from "../../platform/http/valid.ts";
import { timestamp } from "../../shared/clock.ts";
import { SessionId } from "../../shared/ids.ts";
import { requireShopper } from "../authenticate.ts";
import { closeSession } from "./close-session.ts";
import { listSessions } from "./list-sessions.ts";
import { findSession } from "./session-store.ts";

const SessionView = z
  .object({
    id: SessionId,
    current: z.boolean().describe("The one that asks"),
    methods: z.array(z.enum(SIGN_IN_METHODS)).describe("By what it was proven"),
    startedAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().describe("To a quarter of an hour"),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: "Session" });
const SessionList = z
  .object({ items: z.array(SessionView), nextCursor: z.null() })
  .meta({ id: "SessionList" });
const EndedSession = z
  .object({
    id: SessionId,
    effectiveBy: z.iso
      .datetime()
      .nullable()
      .describe("From then on its access token is refused, everywhere"),
  })
  .meta({ id: "EndedSession" });

/** Where a shopper is signed in, and how to end that. */
export const ownSessionRoutes = new Hono<ApiEnv>()
  .get(
    "/me/sessions",
    describe({
      summary: "Where the shopper is signed in, the latest first",
      tag: "Account",
      audience: "shopper",
      signedIn: "required",
      responses: { 200: SessionList },
      problems: ["unauthorized", "dependency-unavailable"],
    }),
    requireShopper,
    async (c) => {
      const { userId, sessionId } = c.var.shopper!;
      const { io } = c.var;
      const open = await listSessions(io.sql, userId, io.clock.nowMs());
      const items = open.map(({ id, methods, startedAtMs, rotatedAtMs, expiresAtMs }) => ({
        id,
        current: id === sessionId,
        methods,
        startedAt: timestamp(startedAtMs),
        lastUsedAt: timestamp(rotatedAtMs),
        expiresAt: timestamp(expiresAtMs),
      }));
      return c.json({ items, nextCursor: null }, 200);
    },
  )
  .delete(
    "/me/sessions/:sessionId",
    describe({
      summary: "End a session of one's own",
      tag: "Account",
      audience: "shopper",
      signedIn: "required",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: EndedSession },
      problems: [
        "unauthorized",
        "not-found",
        "request-invalid",
        "idempotency-key-reused",
        "request-in-progress",
        "dependency-unavailable",
      ],
    }),
    requireShopper,
    idempotent((c) => `session:${c.var.shopper?.userId}`),
    valid("param", z.object({ sessionId: SessionId })),
    async (c) => {
      const { sessionId } = c.req.valid("param");
      const { io, shopper } = c.var;
      const session = await findSession(io.sql, sessionId);
      if (session?.userId !== shopper!.userId || session.isOver) throw new Problem("not-found");
      const { effectiveByMs } = await closeSession(io, c.env, sessionId, "ended_by_owner");
      const effectiveBy = effectiveByMs === undefined ? null : timestamp(effectiveByMs);
      return c.json({ id: sessionId, effectiveBy }, 200);
    },
  );
