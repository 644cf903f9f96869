import { sql } from "drizzle-orm";
import type { Documents } from "../platform/documents/documents.ts";
import { cartSnapshots } from "./documents.ts";

/**
 * Writes a snapshot, once or again. The guard is in the statement: one that timed out and arrives
 * after its successor neither brings back older lines nor revives a cart that has expired.
 */
export async function saveSnapshot(
  documents: Documents,
  snapshot: typeof cartSnapshots.$inferInsert,
): Promise<void> {
  await documents
    .insert(cartSnapshots)
    .values(snapshot)
    .onConflictDoUpdate({
      target: cartSnapshots.cartId,
      set: {
        lines: sql`excluded.lines`,
        mode: sql`excluded.mode`,
        version: sql`excluded.version`,
        takenAtMs: sql`excluded.taken_at_ms`,
        expiredAtMs: sql`COALESCE(${cartSnapshots.expiredAtMs}, excluded.expired_at_ms)`,
      },
      setWhere: sql`${cartSnapshots.version} <= excluded.version`,
    });
}
