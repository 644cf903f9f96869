import { call } from "../support/worker-shop.ts";

export type Purge = { position: number; effectiveBy: string } | null;
export type Saved = { id: string; version: number; bodyHtml: string; purge: Purge };
export type Problem = { type: string; current?: number; errors?: { pointer: string }[] };

/** A name of a test's own, so that tests may run in any order. */
export const ownName = (): string => `t-${crypto.randomUUID()}`;

export const saveBlock = (key: string, body: Record<string, unknown>) =>
  call<Saved & Problem>("PUT", `/ops/v1/content/blocks/${key}`, { body: { title: "T", ...body } });

export const savePage = (slug: string, body: Record<string, unknown>) =>
  call<Saved & Problem>("PUT", `/ops/v1/content/pages/${slug}`, { body: { title: "T", ...body } });

type Shown = { title: string; bodyHtml: string; version: number; data: Record<string, unknown> };

export const getBlock = (key: string) => call<Shown>("GET", `/api/v2/content/blocks/${key}`);
export const getPage = (slug: string) =>
  call<Shown & { blocks: (Shown & { key: string })[] }>("GET", `/api/v2/content/pages/${slug}`);

/** Waits until a purge holds everywhere, by its own word. */
export async function effective(purge: Purge): Promise<void> {
  if (!purge) throw new Error("nothing was purged");
  const waitMs = Math.max(0, Date.parse(purge.effectiveBy) - Date.now()) + 20;
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}
