import { and, desc, eq, lt, or } from "drizzle-orm";
import { z } from "zod";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import { randomSuffix } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { auditLog } from "./schema.ts";

export type Act = { actor: string; action: string; target: Record<string, unknown> };

const AuditEntry = z
  .object({
    id: z.string(),
    actor: z.string().describe("The staff key's id"),
    action: z.string(),
    target: z.record(z.string(), z.unknown()),
    at: z.iso.datetime(),
    requestId: z.string(),
  })
  .meta({ id: "AuditEntry" });
export const AuditPage = z
  .object({ items: z.array(AuditEntry), nextCursor: z.string().nullable() })
  .meta({ id: "AuditPage" });
export type AuditPage = z.infer<typeof AuditPage>;

/** Writes what is about to be done. It comes before the effect: without its row, nothing is done. */
export async function recordAct(
  { sql, clock, trace }: Pick<Io, "sql" | "clock" | "trace">,
  { actor, action, target }: Act,
): Promise<void> {
  await sql.insert(auditLog).values({
    id: `aud_${randomSuffix()}`,
    actor,
    action,
    target,
    atMs: clock.nowMs(),
    requestId: trace,
  });
}

/** The newest acts first; it continues from a row's key, so new rows shift nothing. */
export async function listActs(
  { sql }: Pick<Io, "sql">,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Result<AuditPage, { code: "cursor_invalid" }>> {
  const before = cursor === undefined ? undefined : decodeCursor(cursor);
  if (cursor !== undefined && !before) return err({ code: "cursor_invalid" });
  const rows = await sql
    .select()
    .from(auditLog)
    .where(
      before &&
        or(
          lt(auditLog.atMs, before.atMs),
          and(eq(auditLog.atMs, before.atMs), lt(auditLog.id, before.id)),
        ),
    )
    .orderBy(desc(auditLog.atMs), desc(auditLog.id))
    .limit(limit + 1);
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return ok({
    items: shown.map(({ atMs, ...entry }) => ({ ...entry, at: timestamp(atMs) })),
    nextCursor: last ? `${last.atMs}.${last.id}` : null,
  });
}

function decodeCursor(cursor: string): { atMs: number; id: string } | undefined {
  const [, atMs, id] = /^(\d{1,15})\.(aud_[0-9a-z]{1,40})$/.exec(cursor) ?? [];
  return id === undefined ? undefined : { atMs: Number(atMs), id };
}
