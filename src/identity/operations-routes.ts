import { type Context, Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { timestamp } from "../shared/clock.ts";
import { UserId } from "../shared/ids.ts";
import { EmailInput } from "./email.ts";
import { removeForOwner } from "./factors/remove-for-owner.ts";
import { type Closed, tellEpoch } from "./sessions/close-session.ts";
import { findCredential, setStatus } from "./user-store.ts";

const Path = z.object({ userId: UserId });
const ByEmail = z.object({ email: EmailInput });
const Status = z.enum(["active", "disabled"]);
const UserFound = z
  .object({ id: UserId, email: z.string(), status: Status })
  .meta({ id: "UserFound" });
const UserStatusChanged = UserFound.extend({
  effectiveBy: z.iso
    .datetime()
    .nullable()
    .describe("From then on no session of the user gets through, anywhere"),
}).meta({ id: "UserStatusChanged" });

const SecondFactorRemoved = UserStatusChanged.pick({ id: true, effectiveBy: true }).meta({
  id: "SecondFactorRemoved",
});

const READ_PROBLEMS = ["request-invalid", "not-found", "dependency-unavailable"] as const;
const WRITE_PROBLEMS = [...READ_PROBLEMS, "idempotency-key-reused", "request-in-progress"] as const;

const byStaff = idempotent((c) => `staff:${c.var.staff}`);

/** Operators find accounts, and close and open them. */
export const accountOperationsRoutes = new Hono<ApiEnv>()
  .get(
    "/users",
    describe({
      summary: "The account of an e-mail address, in whatever spelling",
      tag: "Operations",
      audience: "staff",
      scope: "accounts:read",
      responses: { 200: UserFound },
      problems: READ_PROBLEMS,
    }),
    valid("query", ByEmail),
    async (c) => {
      const { key: emailKey } = c.req.valid("query").email;
      const known = await findCredential(c.var.io.sql, { emailKey });
      if (!known) throw new Problem("not-found");
      return c.json({ id: known.userId, email: known.email, status: known.status }, 200);
    },
  )
  .post(
    "/users/:userId/disable",
    describe({
      summary: "Close an account: every session ends, and nobody signs in",
      tag: "Operations",
      audience: "staff",
      scope: "accounts:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: UserStatusChanged },
      problems: WRITE_PROBLEMS,
    }),
    byStaff,
    valid("param", Path),
    audited("user.disabled"),
    async (c) => c.json(await change(c, c.req.valid("param").userId, "disabled"), 200),
  )
  .post(
    "/users/:userId/enable",
    describe({
      summary: "Open an account again; its owner signs in anew",
      tag: "Operations",
      audience: "staff",
      scope: "accounts:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: UserStatusChanged },
      problems: WRITE_PROBLEMS,
    }),
    byStaff,
    valid("param", Path),
    audited("user.enabled"),
    async (c) => c.json(await change(c, c.req.valid("param").userId, "active"), 200),
  )
  .delete(
    "/users/:userId/second-factor",
    describe({
      summary: "Remove the second factor of an owner who has lost it; every session ends",
      tag: "Operations",
      audience: "staff",
      scope: "accounts:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: SecondFactorRemoved },
      problems: WRITE_PROBLEMS,
    }),
    byStaff,
    valid("param", Path),
    audited("user.second_factor_removed"),
    async (c) => {
      const { userId } = c.req.valid("param");
      const removed = await removeForOwner(c.var.io, c.env, userId);
      if (!removed.ok) throw new Problem("not-found");
      return c.json({ id: userId, effectiveBy: effectiveBy(removed.value) }, 200);
    },
  );

const effectiveBy = ({ effectiveByMs }: Closed) =>
  effectiveByMs === undefined ? null : timestamp(effectiveByMs);

async function change(
  c: Context<ApiEnv>,
  userId: UserId,
  status: z.infer<typeof Status>,
): Promise<z.infer<typeof UserStatusChanged>> {
  const { io } = c.var;
  const nowMs = io.clock.nowMs();
  const changed = await setStatus(io.sql, userId, { status, nowMs });
  if (!changed) throw new Problem("not-found");
  const { email, epoch } = changed;
  if (status === "active") return { id: userId, email, status, effectiveBy: timestamp(nowMs) };
  const told = await tellEpoch(io, c.env, { userId, epoch, reason: "disabled" });
  return { id: userId, email, status, effectiveBy: effectiveBy(told) };
}
