import { and, asc, eq, gt, isNull, sql as raw } from "drizzle-orm";
import type { Io } from "../../platform/io/io.ts";
import { isDuplicateKey } from "../../platform/sql/errors.ts";
import { timestamp } from "../../shared/clock.ts";
import { sha256Hex } from "../../shared/digest.ts";
import { derivedSuffix, randomSuffix } from "../../shared/ids.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { staffKeys } from "../schema.ts";
import { makeStaffKey } from "./key.ts";
import { findMember } from "./members.ts";
import type { KeyView, MadeKey, NewKey } from "./model.ts";
import { isWithin, ROLES, Role } from "./roles.ts";

type Row = typeof staffKeys.$inferSelect;
type KeyIo = Pick<Io, "sql" | "clock" | "config">;

/** Who asks, and under which Idempotency-Key: a repeat of it is told the same key again. */
export type By = { staff: string; grants: readonly string[]; request: string | undefined };

export type KeyError =
  | { code: "member_unknown" }
  /** More than the member's role allows, which no key of theirs may do. */
  | { code: "beyond_role" }
  /** More than the caller may do: nobody gives what is not theirs. */
  | { code: "beyond_own" }
  | { code: "key_reused" }
  | { code: "key_unknown" }
  /** Revoked, run out, or rotated already. */
  | { code: "key_ended" };

const DAY_MS = 86_400_000;

const keyView = (row: Row): KeyView => ({
  id: row.id,
  member: row.memberId,
  name: row.name,
  scopes: row.scopes,
  createdAt: timestamp(row.createdAtMs),
  createdBy: row.createdBy,
  expiresAt: timestamp(row.expiresAtMs),
  revokedAt: row.revokedAtMs === null ? null : timestamp(row.revokedAtMs),
  replacedBy: row.replacedBy,
  lastUsedAt: row.lastUsedAtMs === null ? null : timestamp(row.lastUsedAtMs),
});

async function findKey({ sql }: Pick<Io, "sql">, id: string): Promise<Row | undefined> {
  const [row] = await sql.select().from(staffKeys).where(eq(staffKeys.id, id));
  return row;
}

export async function listKeys(
  { sql }: Pick<Io, "sql">,
  {
    member,
    limit,
    cursor,
  }: { member?: string | undefined; limit: number; cursor?: string | undefined },
): Promise<{ items: KeyView[]; nextCursor: string | null }> {
  const rows = await sql
    .select()
    .from(staffKeys)
    .where(
      and(
        member === undefined ? undefined : eq(staffKeys.memberId, member),
        cursor === undefined ? undefined : gt(staffKeys.id, cursor),
      ),
    )
    .orderBy(asc(staffKeys.id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  const nextCursor = rows.length > limit ? (shown.at(-1)?.id ?? null) : null;
  return { items: shown.map(keyView), nextCursor };
}

/** Makes a key for a member, and answers it: nothing stores it. */
export async function makeKey(
  io: KeyIo,
  { member: memberId, name, scopes, expiresInDays }: NewKey,
  by: By,
): Promise<Result<MadeKey & { isRepeat: boolean }, KeyError>> {
  const member = await findMember(io, memberId);
  if (!member || member.disabledAtMs !== null) return err({ code: "member_unknown" });
  if (!isWithin(scopes, ROLES[Role.parse(member.role)])) return err({ code: "beyond_role" });
  if (!isWithin(scopes, by.grants)) return err({ code: "beyond_own" });
  const nowMs = io.clock.nowMs();
  const { key, row } = await newRow(io, by, {
    memberId,
    name,
    scopes: [...new Set(scopes)],
    createdAtMs: nowMs,
    expiresAtMs: nowMs + expiresInDays * DAY_MS,
  });
  try {
    await io.sql.insert(staffKeys).values(row);
    return ok({ ...keyView(row), key, isRepeat: false });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    const known = await findKey(io, row.id);
    return known && isSameWish(known, row)
      ? ok({ ...keyView(known), key, isRepeat: true })
      : err({ code: "key_reused" });
  }
}

type Wish = Pick<Row, "memberId" | "name" | "scopes" | "createdAtMs" | "expiresAtMs">;

async function newRow(
  io: KeyIo,
  { staff, request }: By,
  wish: Wish,
): Promise<{ key: string; row: Row }> {
  const identity = request === undefined ? undefined : `${staff}\n${request}`;
  const key = await makeStaffKey(io.config.TOKEN_SECRET, identity);
  const suffix =
    identity === undefined ? randomSuffix() : await derivedSuffix("staff-key", identity);
  const row: Row = {
    ...wish,
    id: `key_${suffix}`,
    sha256: await sha256Hex(key),
    createdBy: staff,
    revokedAtMs: null,
    replacedBy: null,
    lastUsedAtMs: null,
  };
  return { key, row };
}

const isSameWish = (a: Row, b: Row) =>
  a.memberId === b.memberId &&
  a.name === b.name &&
  a.scopes.join() === b.scopes.join() &&
  a.expiresAtMs - a.createdAtMs === b.expiresAtMs - b.createdAtMs;

/** Puts a new key beside the old one, which goes on working for `overlapMs` and then ends. */
export async function rotateKey(
  io: KeyIo,
  { id, overlapMs }: { id: string; overlapMs: number },
  by: By,
): Promise<Result<MadeKey & { isRepeat: boolean }, KeyError>> {
  const old = await findKey(io, id);
  if (!old) return err({ code: "key_unknown" });
  if (!isWithin(old.scopes, by.grants)) return err({ code: "beyond_own" });
  const nowMs = io.clock.nowMs();
  const { key, row } = await newRow(io, by, {
    memberId: old.memberId,
    name: old.name,
    scopes: old.scopes,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + lifetimeMs(old),
  });
  const isMade = await io.sql.transaction(async (tx) => {
    const { rowsAffected } = await tx
      .update(staffKeys)
      .set({
        replacedBy: row.id,
        expiresAtMs: raw`LEAST(${staffKeys.expiresAtMs}, ${nowMs + overlapMs})`,
      })
      .where(and(eq(staffKeys.id, id), isStillGood(nowMs), isNull(staffKeys.replacedBy)));
    if (rowsAffected > 0) await tx.insert(staffKeys).values(row);
    return rowsAffected > 0;
  });
  if (isMade) return ok({ ...keyView(row), key, isRepeat: false });
  // A repeat finds what its first attempt did; everybody else was too late.
  const made =
    (await findKey(io, id))?.replacedBy === row.id ? await findKey(io, row.id) : undefined;
  return made ? ok({ ...keyView(made), key, isRepeat: true }) : err({ code: "key_ended" });
}

/** A rotated key lives as long as it was first given; rotation must not shorten each key's successor. */
const lifetimeMs = ({ createdAtMs, expiresAtMs }: Row) =>
  Math.max(DAY_MS, expiresAtMs - createdAtMs);

const isStillGood = (nowMs: number) =>
  and(isNull(staffKeys.revokedAtMs), gt(staffKeys.expiresAtMs, nowMs));

/** Ends a key. Ending it again answers the same: the first time stands. */
export async function revokeKey(
  io: KeyIo,
  id: string,
  grants: readonly string[],
): Promise<Result<KeyView, KeyError>> {
  const known = await findKey(io, id);
  if (!known) return err({ code: "key_unknown" });
  if (!isWithin(known.scopes, grants)) return err({ code: "beyond_own" });
  await io.sql
    .update(staffKeys)
    .set({ revokedAtMs: io.clock.nowMs() })
    .where(and(eq(staffKeys.id, id), isNull(staffKeys.revokedAtMs)));
  return ok(keyView((await findKey(io, id)) ?? known));
}
