import { and, desc, eq, isNull, lt, or, sql as raw } from "drizzle-orm";
import { z } from "zod";
import { listPaymentAlerts } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError, logInfo } from "../platform/telemetry/log.ts";
import { timestamp } from "../shared/clock.ts";
import { alerts } from "./schema.ts";

export type AlertKind = "queue_depth" | "dead_letters";
export type Alert = { kind: AlertKind; subject: string; detail: Record<string, unknown> };

/** Says, in the log that alarms read and in a table, that a person should look; repeat it while it stands. */
export async function raiseAlert(
  { sql, clock, trace }: Pick<Io, "sql" | "clock" | "trace">,
  { kind, subject, detail }: Alert,
): Promise<void> {
  logError(`alert.${kind}`, new Error(`${subject}: ${JSON.stringify(detail)}`), { subject, trace });
  const nowMs = clock.nowMs();
  await sql
    .insert(alerts)
    .values({
      id: `${kind}:${subject}`,
      kind,
      subject,
      detail,
      raisedAtMs: nowMs,
      lastSeenAtMs: nowMs,
    })
    .onDuplicateKeyUpdate({
      set: {
        detail: raw`values(\`detail\`)`,
        // Assignments run in the order of the columns: this one still sees whether it was over.
        raisedAtMs: raw`if(${alerts.resolvedAtMs} is null, ${alerts.raisedAtMs}, ${nowMs})`,
        lastSeenAtMs: nowMs,
        resolvedAtMs: null,
      },
    });
}

/** Says that it is over. Nothing happens when it does not stand. */
export async function resolveAlert(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  { kind, subject }: Pick<Alert, "kind" | "subject">,
): Promise<void> {
  const { rowsAffected } = await sql
    .update(alerts)
    .set({ resolvedAtMs: clock.nowMs() })
    .where(and(eq(alerts.id, `${kind}:${subject}`), isNull(alerts.resolvedAtMs)));
  if (rowsAffected > 0) logInfo("alert.resolved", { kind, subject });
}

export const AlertView = z
  .object({
    id: z.string(),
    area: z.enum(["operations", "payments"]),
    kind: z.string(),
    subject: z.string(),
    detail: z.unknown(),
    at: z.iso.datetime().describe("When it was raised, the last time"),
    resolvedAt: z.iso.datetime().nullable().describe("Those of payments are closed by people"),
  })
  .meta({ id: "Alert" });
type AlertView = z.infer<typeof AlertView>;

export type AlertPlace = { atMs: number; id: string };

/** What a person should look at, from every area, the newest first. */
export async function listAlerts(
  io: Pick<Io, "sql">,
  { limit, before }: { limit: number; before: AlertPlace | undefined },
): Promise<{ items: AlertView[]; next: AlertPlace | undefined }> {
  const { raisedAtMs, id } = alerts;
  const beyond =
    before && or(lt(raisedAtMs, before.atMs), and(eq(raisedAtMs, before.atMs), lt(id, before.id)));
  const page = { limit: limit + 1, before };
  const [own, ofPayments] = await Promise.all([
    io.sql
      .select()
      .from(alerts)
      .where(beyond)
      .orderBy(desc(raisedAtMs), desc(id))
      .limit(page.limit),
    listPaymentAlerts(io, page),
  ]);
  const rows = [
    ...own.map((row) => ({ ...row, area: "operations" as const, atMs: row.raisedAtMs })),
    ...ofPayments.map((row) => ({
      ...row,
      area: "payments" as const,
      atMs: row.lastAtMs,
      resolvedAtMs: null,
    })),
  ].sort((a, b) => b.atMs - a.atMs || (a.id < b.id ? 1 : -1));
  const shown = rows.slice(0, limit);
  const items = shown.map(({ id, area, kind, subject, detail, atMs, resolvedAtMs }) => ({
    id,
    area,
    kind,
    subject,
    detail,
    at: timestamp(atMs),
    resolvedAt: resolvedAtMs === null ? null : timestamp(resolvedAtMs),
  }));
  return { items, next: rows.length > limit ? shown.at(-1) : undefined };
}
