import { and, eq } from "drizzle-orm";
import { sanitizeHtml } from "../platform/html/sanitize-html.ts";
import type { Io } from "../platform/io/io.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeAndNote, firstVersion } from "./change-and-note.ts";
import { contentBlocks } from "./documents.ts";
import { findBlock } from "./find-content.ts";
import type { Changed, ContentError, NewBlock } from "./model.ts";
import { isSameContent } from "./same-content.ts";
import { blockIdOf, blockTag } from "./tags.ts";
import type { BlockRow } from "./views.ts";

/**
 * Makes a block, or replaces the version that the caller has read. The guard is in the statement, so
 * of two editors one is refused. A repeat whose first answer was lost finds its own work and succeeds.
 */
export async function saveBlock(
  { documents, clock, config }: Pick<Io, "documents" | "clock" | "config">,
  key: string,
  { version: expected, bodyHtml, ...rest }: NewBlock,
): Promise<Result<Changed<BlockRow>, ContentError>> {
  const nowMs = clock.nowMs();
  const row: BlockRow = {
    ...rest,
    id: await blockIdOf(key),
    key,
    locale: config.STORE_LOCALE,
    bodyHtml: sanitizeHtml(bodyHtml),
    version: expected + 1,
    updatedAtMs: nowMs,
  };
  const { id, version } = contentBlocks;
  const change =
    expected === 0
      ? documents
          .insert(contentBlocks)
          .values({ ...row, version: firstVersion(row.id) })
          .onConflictDoNothing()
          .returning({ id })
      : documents
          .update(contentBlocks)
          .set(row)
          .where(and(eq(id, row.id), eq(version, expected)))
          .returning({ id });
  const purge = await changeAndNote(documents, change, { tags: [blockTag(row.id)], nowMs });
  // Which version was the first is known once it is there.
  const made = purge && expected === 0 ? await findBlock(documents, key) : undefined;
  if (purge) return ok({ value: made ?? row, purge });

  const current = await findBlock(documents, key);
  if (current && isSameContent(current, row)) return ok({ value: current, purge: undefined });
  return err({ code: "version_conflict", current: current?.version ?? 0 });
}
