import { and, desc, eq, lt, or } from "drizzle-orm";
import { z } from "zod";
import { auditLog } from "../platform/audit/schema.ts";
import type { RecordAct } from "../platform/http/audited.ts";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import { randomSuffix } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";

const AuditEntry = z
  .object({
    id: z.string(),
    actor: z.string().describe("The staff key's id; an account's, of what its owner did to it"),
    action: z.string(),
    target: z.record(z.string(), z.unknown()),
    at: z.iso.datetime(),
    requestId: z.string(),
    outcome: z
      .record(z.string(), z.unknown())
      .nullable()
      .describe("`status`, the `problem` if it was refused, what was made; null if nobody can say"),
  })
  .meta({ id: "AuditEntry" });
export const AuditPage = z
  .object({ items: z.array(AuditEntry), nextCursor: z.string().nullable() })
  .meta({ id: "AuditPage" });
export type AuditPage = z.infer<typeof AuditPage>;

/**
 * Writes what is about to be done, by whom. It comes before the effect: without its row, nothing is
 * done. What it answers writes the outcome into the row.
 */
export const actRecorder =
  ({ sql, clock, trace }: Pick<Io, "sql" | "clock" | "trace">, actor: string): RecordAct =>
  async ({ action, target }) => {
    const id = `aud_${randomSuffix()}`;
    const atMs = clock.nowMs();
    await sql.insert(auditLog).values({ id, actor, action, target, atMs, requestId: trace });
    return async (outcome) => {
      await sql.update(auditLog).set({ outcome }).where(eq(auditLog.id, id));
    };
  };

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
