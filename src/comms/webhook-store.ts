import { and, asc, eq, gt, isNull } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { webhookDeliveries, webhookEndpoints } from "./schema.ts";

export type Endpoint = typeof webhookEndpoints.$inferSelect;

export async function addEndpoint(
  sql: SqlSession,
  endpoint: Pick<Endpoint, "id" | "url" | "events" | "createdAtMs">,
): Promise<void> {
  await sql.insert(webhookEndpoints).ignore().values(endpoint);
}

/** One page by id, after an id. */
export const listEndpoints = (
  sql: SqlSession,
  { after, limit }: { after: string | undefined; limit: number },
): Promise<Endpoint[]> =>
  sql
    .select()
    .from(webhookEndpoints)
    .where(after === undefined ? undefined : gt(webhookEndpoints.id, after))
    .orderBy(asc(webhookEndpoints.id))
    .limit(limit);

/** Every endpoint that wants to be told. There are few: `ENDPOINTS_MAX` bounds them. */
export const listEnabled = (sql: SqlSession, limit: number): Promise<Endpoint[]> =>
  sql.select().from(webhookEndpoints).where(isNull(webhookEndpoints.disabledAtMs)).limit(limit);

export async function findEndpoint(sql: SqlSession, id: string): Promise<Endpoint | undefined> {
  const rows = await sql.select().from(webhookEndpoints).where(eq(webhookEndpoints.id, id));
  return rows[0];
}

export async function removeEndpoint(sql: SqlSession, id: string): Promise<boolean> {
  const { rowsAffected } = await sql.delete(webhookEndpoints).where(eq(webhookEndpoints.id, id));
  return rowsAffected > 0;
}

export async function disableEndpoint(
  sql: SqlSession,
  id: string,
  { reason, nowMs }: { reason: string; nowMs: number },
): Promise<void> {
  await sql
    .update(webhookEndpoints)
    .set({ disabledAtMs: nowMs, disabledReason: reason })
    .where(and(eq(webhookEndpoints.id, id), isNull(webhookEndpoints.disabledAtMs)));
}

export async function wasDelivered(
  sql: SqlSession,
  { eventId, receiver }: { eventId: EventId; receiver: string },
): Promise<boolean> {
  const rows = await sql
    .select({ eventId: webhookDeliveries.eventId })
    .from(webhookDeliveries)
    .where(and(eq(webhookDeliveries.eventId, eventId), eq(webhookDeliveries.receiver, receiver)));
  return rows.length > 0;
}

export async function recordDelivery(
  sql: SqlSession,
  delivery: { eventId: EventId; receiver: string; orderId: OrderId; deliveredAtMs: number },
): Promise<void> {
  await sql.insert(webhookDeliveries).ignore().values(delivery);
}
