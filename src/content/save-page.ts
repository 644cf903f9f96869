import { and, eq } from "drizzle-orm";
import { sanitizeHtml } from "../platform/html/sanitize-html.ts";
import type { Io } from "../platform/io/io.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeAndNote, firstVersion } from "./change-and-note.ts";
import { contentPages } from "./documents.ts";
import { findPage } from "./find-content.ts";
import type { Changed, ContentError, NewPage } from "./model.ts";
import { isSameContent } from "./same-content.ts";
import { pageIdOf, pageTag } from "./tags.ts";
import type { PageRow } from "./views.ts";

/** Makes a page, or replaces the version that the caller has read; as `saveBlock` does. */
export async function savePage(
  { documents, clock, config }: Pick<Io, "documents" | "clock" | "config">,
  slug: string,
  { version: expected, bodyHtml, ...rest }: NewPage,
): Promise<Result<Changed<PageRow>, ContentError>> {
  const nowMs = clock.nowMs();
  const row: PageRow = {
    ...rest,
    id: await pageIdOf(slug),
    slug,
    locale: config.STORE_LOCALE,
    bodyHtml: sanitizeHtml(bodyHtml),
    version: expected + 1,
    updatedAtMs: nowMs,
  };
  const { id, version } = contentPages;
  const change =
    expected === 0
      ? documents
          .insert(contentPages)
          .values({ ...row, version: firstVersion(row.id) })
          .onConflictDoNothing()
          .returning({ id })
      : documents
          .update(contentPages)
          .set(row)
          .where(and(eq(id, row.id), eq(version, expected)))
          .returning({ id });
  const purge = await changeAndNote(documents, change, { tags: [pageTag(row.id)], nowMs });
  // Which version was the first is known once it is there.
  const made = purge && expected === 0 ? await findPage(documents, slug) : undefined;
  if (purge) return ok({ value: made ?? row, purge });

  const current = await findPage(documents, slug);
  if (current && isSameContent(current, row)) return ok({ value: current, purge: undefined });
  return err({ code: "version_conflict", current: current?.version ?? 0 });
}
