import { lt } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { paymentEvents } from "./schema.ts";

/** Deletes what processors told and what was handled before a moment; never what is still to be handled. */
export async function forgetEvents(
  { sql }: Pick<Io, "sql">,
  { beforeMs, limit }: { beforeMs: number; limit: number },
): Promise<number> {
  const handled = lt(paymentEvents.handledAtMs, beforeMs);
  return (await sql.delete(paymentEvents).where(handled).limit(limit)).rowsAffected;
}
