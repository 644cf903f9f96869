import { and, asc, eq, gt } from "drizzle-orm";
import type { z } from "zod";
import type { Io } from "../../platform/io/io.ts";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import { timestamp } from "../../shared/clock.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { staffMembers } from "../schema.ts";
import type { MemberChange, MemberView, NewMember } from "./model.ts";
import { isWithin, ROLES, Role } from "./roles.ts";

type Row = typeof staffMembers.$inferSelect;
type Sql = Pick<Io, "sql">;

const view = ({ id, name, email, role, createdAtMs, disabledAtMs }: Row): MemberView => ({
  id,
  name,
  email,
  role: Role.parse(role),
  active: disabledAtMs === null,
  createdAt: timestamp(createdAtMs),
});

export async function findMember({ sql }: Sql, id: string): Promise<Row | undefined> {
  const [row] = await sql.select().from(staffMembers).where(eq(staffMembers.id, id));
  return row;
}

export async function listMembers(
  { sql }: Sql,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<{ items: MemberView[]; nextCursor: string | null }> {
  const rows = await sql
    .select()
    .from(staffMembers)
    .where(cursor === undefined ? undefined : gt(staffMembers.id, cursor))
    .orderBy(asc(staffMembers.id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  return {
    items: shown.map(view),
    nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** `beyond_own`: nobody gives, or takes from, what is not theirs. */
export type MemberError = { code: "beyond_own" } | { code: "member_unknown" };

/** Adding the same id again answers the member that is there: a repeat makes no second one. */
export async function addMember(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  { id, grants, ...wanted }: z.output<typeof NewMember> & { id: string; grants: readonly string[] },
): Promise<Result<MemberView, MemberError>> {
  if (!isWithin(ROLES[wanted.role], grants)) return err({ code: "beyond_own" });
  const row: Row = { id, ...wanted, createdAtMs: clock.nowMs(), disabledAtMs: null };
  try {
    await sql.insert(staffMembers).values(row);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
  return ok(view((await findMember({ sql }, id)) ?? row));
}

/** Who is told is the caller's to do: copies of this member's keys have to be forgotten everywhere. */
export async function changeMember(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  id: string,
  { role, active, grants }: z.output<typeof MemberChange> & { grants: readonly string[] },
): Promise<Result<MemberView, MemberError>> {
  const before = await findMember({ sql }, id);
  if (!before) return err({ code: "member_unknown" });
  const roles = [Role.parse(before.role), ...(role === undefined ? [] : [role])];
  if (!roles.every((each) => isWithin(ROLES[each], grants))) return err({ code: "beyond_own" });
  const disabledAtMs = before.disabledAtMs ?? clock.nowMs();
  const changed: Row = {
    ...before,
    ...(role === undefined ? {} : { role }),
    ...(active === undefined ? {} : { disabledAtMs: active ? null : disabledAtMs }),
  };
  await sql
    .update(staffMembers)
    .set({ role: changed.role, disabledAtMs: changed.disabledAtMs })
    // Not over a change that came in between: what was checked above is what is changed here.
    .where(and(eq(staffMembers.id, id), eq(staffMembers.role, before.role)));
  const after = await findMember({ sql }, id);
  return ok(view(after ?? changed));
}
