import { type Context, Hono } from "hono";
import { z } from "zod";
import { audited } from "../../platform/http/audited.ts";
import type { ApiEnv } from "../../platform/http/context.ts";
import { describe } from "../../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent, REPLAYED_HEADER } from "../../platform/http/idempotency.ts";
import { invalid, Problem, type ProblemSlug } from "../../platform/http/problem.ts";
import { valid } from "../../platform/http/valid.ts";
import { timestamp } from "../../shared/clock.ts";
import { derivedSuffix } from "../../shared/ids.ts";
import { topicOfKey, topicOfMember } from "./find-staff.ts";
import { forgetCopies } from "./forget-copies.ts";
import { type By, type KeyError, listKeys, makeKey, revokeKey, rotateKey } from "./keys.ts";
import { addMember, changeMember, listMembers, type MemberError } from "./members.ts";
import {
  KeyId,
  KeyView,
  MadeKey,
  MemberChange,
  MemberId,
  MemberView,
  NewKey,
  NewMember,
  RevokedKey,
  Rotation,
} from "./model.ts";

const limit = z.coerce.number().int().min(1).max(100).default(20);
const NEXT = "`nextCursor` of the page before";
const MembersQuery = z.object({ limit, cursor: MemberId.optional().describe(NEXT) });
const KeysQuery = z.object({
  limit,
  cursor: KeyId.optional().describe(NEXT),
  member: MemberId.optional(),
});
const MemberPath = z.object({ memberId: MemberId });
const KeyPath = z.object({ keyId: KeyId });
const MemberList = z
  .object({ items: z.array(MemberView), nextCursor: z.string().nullable() })
  .meta({ id: "StaffMemberList" });
const KeyList = z
  .object({ items: z.array(KeyView), nextCursor: z.string().nullable() })
  .meta({ id: "StaffKeyList" });

const PROBLEMS: readonly ProblemSlug[] = ["request-invalid", "dependency-unavailable"];

const reading = (summary: string, answer: z.ZodType) =>
  describe({
    summary,
    tag: "Operations",
    audience: "staff",
    scope: "staff:read",
    responses: { 200: answer },
    problems: PROBLEMS,
  });

const writing = (
  summary: string,
  responses: { 200?: z.ZodType; 201?: z.ZodType },
  problems: readonly ProblemSlug[] = [],
) =>
  describe({
    summary,
    tag: "Operations",
    audience: "staff",
    scope: "staff:write",
    headers: { "Idempotency-Key": "optional" },
    responses,
    problems: [...PROBLEMS, ...problems, "idempotency-key-reused", "request-in-progress"],
  });

const byStaff = idempotent((c) => `staff:${c.var.staff}`);

/** Who operates the shop, and with which keys. Nobody can give away more than they may do themselves. */
export const staffRoutes = new Hono<ApiEnv>()
  .get(
    "/staff",
    reading("Who operates the shop", MemberList),
    valid("query", MembersQuery),
    async (c) => c.json(await listMembers(c.var.io, c.req.valid("query")), 200),
  )
  .post(
    "/staff",
    writing("Add a member of staff", { 201: MemberView }),
    byStaff,
    valid("json", NewMember),
    audited("staff.added"),
    async (c) => {
      const { io, requestId, staff, grants = [] } = c.var;
      const request = `${staff}\n${idempotencyKeyOf(c) ?? requestId}`;
      const id = `stf_${await derivedSuffix("staff-member", request)}`;
      const added = await addMember(io, { id, ...c.req.valid("json"), grants });
      if (!added.ok) throw memberProblem(added.error);
      return c.json(added.value, 201);
    },
  )
  .patch(
    "/staff/:memberId",
    writing("Change what a member may do, or let them do nothing", { 200: MemberView }, [
      "not-found",
    ]),
    byStaff,
    valid("param", MemberPath),
    valid("json", MemberChange),
    audited("staff.changed"),
    async (c) => {
      const { memberId } = c.req.valid("param");
      const { io, grants = [] } = c.var;
      const changed = await changeMember(io, memberId, { ...c.req.valid("json"), grants });
      if (!changed.ok) throw memberProblem(changed.error);
      await forgetCopies(c.env, io, topicOfMember(memberId));
      return c.json(changed.value, 200);
    },
  )
  .get(
    "/staff-keys",
    reading("Staff's keys: whose, what for, until when, when last used", KeyList),
    valid("query", KeysQuery),
    async (c) => c.json(await listKeys(c.var.io, c.req.valid("query")), 200),
  )
  .post(
    "/staff-keys",
    writing("Make a key for a member; it is shown once", { 201: MadeKey }),
    valid("json", NewKey),
    audited("staff_key.made"),
    async (c) => {
      const made = await makeKey(c.var.io, c.req.valid("json"), byOf(c));
      if (!made.ok) throw keyProblem(made.error);
      return c.json(shown(c, made.value), 201);
    },
  )
  .post(
    "/staff-keys/:keyId/rotate",
    writing("Put a new key beside an old one, which ends after the overlap", { 201: MadeKey }, [
      "not-found",
      "staff-key-ended",
    ]),
    valid("param", KeyPath),
    valid("json", Rotation),
    audited("staff_key.rotated"),
    async (c) => {
      const { keyId: id } = c.req.valid("param");
      const overlapMs = c.req.valid("json").overlapSeconds * 1_000;
      const rotated = await rotateKey(c.var.io, { id, overlapMs }, byOf(c));
      if (!rotated.ok) throw keyProblem(rotated.error);
      // Its copies know the old end.
      await forgetCopies(c.env, c.var.io, topicOfKey(id));
      return c.json(shown(c, rotated.value), 201);
    },
  )
  .delete(
    "/staff-keys/:keyId",
    writing("End a key, everywhere within a second", { 200: RevokedKey }, ["not-found"]),
    byStaff,
    valid("param", KeyPath),
    audited("staff_key.revoked"),
    async (c) => {
      const { keyId } = c.req.valid("param");
      const revoked = await revokeKey(c.var.io, keyId, c.var.grants ?? []);
      if (!revoked.ok) throw keyProblem(revoked.error);
      const effectiveByMs = await forgetCopies(c.env, c.var.io, topicOfKey(keyId));
      return c.json({ ...revoked.value, effectiveBy: timestamp(effectiveByMs) }, 200);
    },
  );

/** Not by `idempotent`, which keeps answers: a key stands in no storage. */
function byOf(c: Context<ApiEnv>): By {
  const key = idempotencyKeyOf(c);
  const request = key === undefined ? undefined : `${c.req.path}\n${key}`;
  return { staff: c.var.staff ?? "unknown", grants: c.var.grants ?? [], request };
}

function shown(c: Context, { isRepeat, ...made }: MadeKey & { isRepeat: boolean }): MadeKey {
  if (isRepeat) c.header(REPLAYED_HEADER, "true");
  return made;
}

function memberProblem({ code }: MemberError): Problem {
  switch (code) {
    case "member_unknown":
      return new Problem("not-found");
    case "beyond_own":
      return new Problem("forbidden");
  }
}

function keyProblem({ code }: KeyError): Problem {
  switch (code) {
    case "member_unknown":
      return invalid({ pointer: "/member", code, message: "is no member of staff" });
    case "beyond_role":
      return invalid({
        pointer: "/scopes",
        code,
        message: "are more than the member's role allows",
      });
    case "beyond_own":
      return new Problem("forbidden");
    case "key_reused":
      return new Problem("idempotency-key-reused");
    case "key_unknown":
      return new Problem("not-found");
    case "key_ended":
      return new Problem("staff-key-ended");
  }
}
