import { timestamp } from "../shared/clock.ts";
import type { contentBlocks, contentPages } from "./documents.ts";
import type { Block, Page, StaffBlock, StaffPage } from "./model.ts";

export type BlockRow = typeof contentBlocks.$inferSelect;
export type PageRow = typeof contentPages.$inferSelect;

export const blockView = ({ published: _, updatedAtMs, ...row }: BlockRow): Block => ({
  ...row,
  updatedAt: timestamp(updatedAtMs),
});

/** A page with those of its blocks that can be shown, in its own order. */
export function pageView(row: PageRow, blocks: readonly BlockRow[]): Page {
  const { published: _, updatedAtMs, blocks: keys, ...head } = row;
  const byKey = new Map(blocks.map((block) => [block.key, blockView(block)]));
  const shown = keys.map((key) => byKey.get(key)).filter((block) => block !== undefined);
  return { ...head, blocks: shown, updatedAt: timestamp(updatedAtMs) };
}

export const staffBlockView = (row: BlockRow): StaffBlock => ({
  ...blockView(row),
  published: row.published,
});

export const staffPageView = ({ updatedAtMs, ...row }: PageRow): StaffPage => ({
  ...row,
  updatedAt: timestamp(updatedAtMs),
});
