import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import type { Documents } from "../platform/documents/documents.ts";
import { EventId, newId } from "../shared/ids.ts";
import { contentPurges, contentRemoved } from "./documents.ts";
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
  return noted(documents, sql`with changed as ${change}`, { tags, nowMs });
}

/** As `changeAndNote`, for a removal that returns `id` and `version`: the version is remembered too. */
export const removeAndNote = (
  documents: Documents,
  removal: SQLWrapper,
  note: { tags: readonly string[]; nowMs: number },
): Promise<NotedPurge | undefined> =>
  noted(
    documents,
    sql`with changed as ${removal}, remembered as (
      insert into ${contentRemoved} (id, version) select id, version from changed
      on conflict (id) do update set version = excluded.version)`,
    note,
  );

/** The first version of what is made under this id: one more than the last that had it. */
export const firstVersion = (id: string) =>
  sql<number>`coalesce((select ${contentRemoved.version} from ${contentRemoved}
    where ${contentRemoved.id} = ${id}), 0) + 1`;

async function noted(
  documents: Documents,
  change: SQL,
  { tags, nowMs }: { tags: readonly string[]; nowMs: number },
): Promise<NotedPurge | undefined> {
  const id = newId(EventId, "evt");
  const { rows } = await documents.execute(sql`
    ${change}
    insert into ${contentPurges} (id, tags, noted_at_ms)
    select ${id}::text, ${JSON.stringify(tags)}::jsonb, ${nowMs}::bigint from changed
    returning id`);
  return rows.length > 0 ? { id, tags } : undefined;
}
