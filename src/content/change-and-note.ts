import { type SQLWrapper, sql } from "drizzle-orm";
import type { Documents } from "../platform/documents/documents.ts";
import { EventId, newId } from "../shared/ids.ts";
import { contentPurges } from "./documents.ts";
import type { NotedPurge } from "./model.ts";

/**
 * Makes a change and notes what it purges, in one statement: neither is ever there without the other.
 * `change` is a statement that returns a row if it changed something; undefined when it did not.
 */
export async function changeAndNote(
  documents: Documents,
  change: SQLWrapper,
  { tags, nowMs }: { tags: readonly string[]; nowMs: number },
): Promise<NotedPurge | undefined> {
  const id = newId(EventId, "evt");
  const { rows } = await documents.execute(sql`
    with changed as ${change}
    insert into ${contentPurges} (id, tags, noted_at_ms)
    select ${id}::text, ${JSON.stringify(tags)}::jsonb, ${nowMs}::bigint from changed
    returning id`);
  return rows.length > 0 ? { id, tags } : undefined;
}
