import { and, eq, sql } from "drizzle-orm";
import type { Documents } from "../platform/documents/documents.ts";
import { contentBlocks, contentPages } from "./documents.ts";
import type { BlockRow, PageRow } from "./views.ts";

/** A block as it is kept, published or not. */
export async function findBlock(documents: Documents, key: string): Promise<BlockRow | undefined> {
  const [row] = await documents.select().from(contentBlocks).where(eq(contentBlocks.key, key));
  return row;
}

/** A page as it is kept, published or not. */
export async function findPage(documents: Documents, slug: string): Promise<PageRow | undefined> {
  const [row] = await documents.select().from(contentPages).where(eq(contentPages.slug, slug));
  return row;
}

/** A published page and those of its blocks that are published, in one statement. */
export async function findShownPage(
  documents: Documents,
  slug: string,
): Promise<{ page: PageRow; blocks: BlockRow[] } | undefined> {
  const isShown = and(
    sql`${contentPages.blocks} ? ${contentBlocks.key}`,
    eq(contentBlocks.published, true),
  );
  const rows = await documents
    .select({ page: contentPages, block: contentBlocks })
    .from(contentPages)
    .leftJoin(contentBlocks, isShown)
    .where(and(eq(contentPages.slug, slug), eq(contentPages.published, true)));
  const [first] = rows;
  if (!first) return undefined;
  return {
    page: first.page,
    blocks: rows.map(({ block }) => block).filter((block) => block !== null),
  };
}
