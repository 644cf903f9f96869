import { and, eq } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { EventId, OrderId } from "../shared/ids.ts";
import type { ChannelName } from "./model.ts";
import { sentMessages } from "./schema.ts";

type Telling = { eventId: EventId; template: string };

/** The channels on which an event was told by this template. */
export async function sentChannels(
  sql: SqlSession,
  { eventId, template }: Telling,
): Promise<Set<string>> {
  const rows = await sql
    .select({ channel: sentMessages.channel })
    .from(sentMessages)
    .where(and(eq(sentMessages.eventId, eventId), eq(sentMessages.template, template)));
  return new Set(rows.map(({ channel }) => channel));
}

export async function recordSent(
  sql: SqlSession,
  sent: Telling & {
    channel: ChannelName;
    orderId: OrderId;
    providerMessageId: string;
    sentAtMs: number;
  },
): Promise<void> {
  await sql.insert(sentMessages).ignore().values(sent);
}
