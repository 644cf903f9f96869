import { and, asc, eq, inArray } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { sentMessages, sentPushes, webhookDeliveries } from "./schema.ts";

/** Something that was told about an order, by whatever way. */
export type ToldMessage = {
  orderId: OrderId;
  eventId: string;
  channel: string;
  /** The template, or the receiver of a webhook. */
  what: string;
  providerMessageId: string | null;
  atMs: number;
};

/** All that was told about some orders, oldest first. */
export async function listMessages(
  { sql }: Pick<Io, "sql">,
  orderIds: readonly OrderId[],
): Promise<ToldMessage[]> {
  if (orderIds.length === 0) return [];
  const ids = [...orderIds];
  const [sent, pushed, delivered] = await Promise.all([
    sql
      .select()
      .from(sentMessages)
      .where(inArray(sentMessages.orderId, ids))
      .orderBy(asc(sentMessages.sentAtMs)),
    sql
      .select()
      .from(sentPushes)
      .where(and(inArray(sentPushes.orderId, ids), eq(sentPushes.outcome, "sent"))),
    sql
      .select()
      .from(webhookDeliveries)
      .where(inArray(webhookDeliveries.orderId, ids))
      .orderBy(asc(webhookDeliveries.deliveredAtMs)),
  ]);
  const told: ToldMessage[] = [
    ...sent.map(({ template, sentAtMs, ...row }) => ({
      ...row,
      orderId: row.orderId as OrderId,
      what: template,
      atMs: sentAtMs,
    })),
    ...pushed.map(({ orderId, eventId, template, providerMessageId, claimedAtMs }) => ({
      orderId: orderId as OrderId,
      eventId,
      channel: "push",
      what: template,
      providerMessageId,
      atMs: claimedAtMs,
    })),
    ...delivered.map(({ receiver, deliveredAtMs, ...row }) => ({
      ...row,
      orderId: row.orderId as OrderId,
      channel: "webhook",
      what: receiver,
      providerMessageId: null,
      atMs: deliveredAtMs,
    })),
  ];
  return told.sort((a, b) => a.atMs - b.atMs);
}
