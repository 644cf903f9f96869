import { CannotLoad, type Target, upload } from "../catalog/target.ts";

/** What `samples/content.json` holds: the bodies of the operations routes, by key and by slug. */
export type ContentFile = {
  blocks: Record<string, unknown>;
  pages: Record<string, unknown>;
};

const CONFLICT = 409;

/** Makes what is not there yet. What somebody has edited meanwhile stays as it is. */
export async function loadContent(target: Target, { blocks, pages }: ContentFile): Promise<void> {
  const items = [
    ...Object.entries(blocks).map(([key, block]) => [`/content/blocks/${key}`, block] as const),
    ...Object.entries(pages).map(([slug, page]) => [`/content/pages/${slug}`, page] as const),
  ];
  for (const [path, item] of items) {
    try {
      const body = JSON.stringify(item);
      await upload(target, path, { method: "PUT", contentType: "application/json", body });
    } catch (error) {
      if (!(error instanceof CannotLoad && error.status === CONFLICT)) throw error;
    }
  }
}
