import { and, eq } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import { sentMessages } from "./schema.ts";

export type MessageKey = { eventId: EventId; template: string; channel: "email" };

export async function wasSent(sql: SqlSession, key: MessageKey): Promise<boolean> {
  const rows = await sql
    .select({ eventId: sentMessages.eventId })
    .from(sentMessages)
    .where(
      and(
        eq(sentMessages.eventId, key.eventId),
        eq(sentMessages.template, key.template),
        eq(sentMessages.channel, key.channel),
      ),
    );
  return rows.length > 0;
}

export async function recordSent(
  sql: SqlSession,
  sent: MessageKey & { orderId: OrderId; providerMessageId: string; sentAtMs: number },
): Promise<void> {
  await sql.insert(sentMessages).ignore().values(sent);
}
