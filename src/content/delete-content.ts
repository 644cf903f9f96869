import { and, eq } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { removeAndNote } from "./change-and-note.ts";
import { contentBlocks, contentPages } from "./documents.ts";
import { findBlock, findPage } from "./find-content.ts";
import type { Changed, ContentError } from "./model.ts";
import { blockIdOf, blockTag, pageIdOf, pageTag } from "./tags.ts";

type Deleted = Promise<Result<Changed<undefined>, ContentError>>;
type DeleteIo = Pick<Io, "documents" | "clock">;

/** Removes a block, if it is still the version that the caller has read. Pages go on without it. */
export async function deleteBlock(
  { documents, clock }: DeleteIo,
  key: string,
  version: number,
): Deleted {
  const id = await blockIdOf(key);
  const change = documents
    .delete(contentBlocks)
    .where(and(eq(contentBlocks.id, id), eq(contentBlocks.version, version)))
    .returning({ id: contentBlocks.id, version: contentBlocks.version });
  const noted = { tags: [blockTag(id)], nowMs: clock.nowMs() };
  const purge = await removeAndNote(documents, change, noted);
  if (purge) return ok({ value: undefined, purge });
  return conflict(await findBlock(documents, key));
}

/** Removes a page, if it is still the version that the caller has read. Its blocks stay. */
export async function deletePage(
  { documents, clock }: DeleteIo,
  slug: string,
  version: number,
): Deleted {
  const id = await pageIdOf(slug);
  const change = documents
    .delete(contentPages)
    .where(and(eq(contentPages.id, id), eq(contentPages.version, version)))
    .returning({ id: contentPages.id, version: contentPages.version });
  const noted = { tags: [pageTag(id)], nowMs: clock.nowMs() };
  const purge = await removeAndNote(documents, change, noted);
  if (purge) return ok({ value: undefined, purge });
  return conflict(await findPage(documents, slug));
}

const conflict = (current: { version: number } | undefined) =>
  err({ code: "version_conflict", current: current?.version ?? 0 });
