import { lt } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { cartAbandonments, sentPushes, webhookDeliveries } from "./schema.ts";

type Old = { beforeMs: number; limit: number };

/** Deletes what is known of carts that were left behind before a moment. */
export async function forgetAbandonments(
  { sql }: Pick<Io, "sql">,
  { beforeMs, limit }: Old,
): Promise<number> {
  const old = lt(cartAbandonments.abandonedAtMs, beforeMs);
  return (await sql.delete(cartAbandonments).where(old).limit(limit)).rowsAffected;
}

/** Deletes that webhooks were taken before a moment: nobody redrives a message of that age any more. */
export async function forgetDeliveries(
  { sql }: Pick<Io, "sql">,
  { beforeMs, limit }: Old,
): Promise<number> {
  const old = lt(webhookDeliveries.deliveredAtMs, beforeMs);
  return (await sql.delete(webhookDeliveries).where(old).limit(limit)).rowsAffected;
}

/** Deletes which devices were told before a moment; the mails about those orders are still on record. */
export async function forgetPushes(
  { sql }: Pick<Io, "sql">,
  { beforeMs, limit }: Old,
): Promise<number> {
  const old = lt(sentPushes.claimedAtMs, beforeMs);
  return (await sql.delete(sentPushes).where(old).limit(limit)).rowsAffected;
}
