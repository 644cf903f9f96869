import { BlockId, ContentPageId, derivedSuffix } from "../shared/ids.ts";

/**
 * Ids follow from names. So a page can carry the tag of a block that does not exist yet, and the
 * block's creation purges the page.
 */
export const blockIdOf = async (key: string) =>
  BlockId.parse(`blk_${await derivedSuffix("content block", key)}`);

export const pageIdOf = async (slug: string) =>
  ContentPageId.parse(`cpg_${await derivedSuffix("content page", slug)}`);

export const blockTag = (id: BlockId): string => `block:${id}`;

/** Not `page:`, which is the page cache's own word for one stored answer. */
export const pageTag = (id: ContentPageId): string => `content:${id}`;
