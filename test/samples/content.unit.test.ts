import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import type { ContentFile } from "../../local/content/load-content.ts";
import { ContentName, NewBlock, NewPage } from "../../src/content/model.ts";
import { sanitizeHtml } from "../../src/platform/html/sanitize-html.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const text = readFileSync(join(SAMPLES, "content.json"), "utf8");
const { blocks, pages } = JSON.parse(text) as ContentFile;

describe("the sample content", () => {
  it.for(Object.entries(blocks))(
    "has a block %s that the shop takes as it is",
    ([key, block], { expect }) => {
      expect(ContentName.safeParse(key).success).toBe(true);
      const { bodyHtml } = NewBlock.parse(block);
      expect(sanitizeHtml(bodyHtml)).toBe(bodyHtml);
    },
  );

  it.for(Object.entries(pages))(
    "has a page %s whose blocks are there",
    ([slug, page], { expect }) => {
      expect(ContentName.safeParse(slug).success).toBe(true);
      const parsed = NewPage.parse(page);
      expect(sanitizeHtml(parsed.bodyHtml)).toBe(parsed.bodyHtml);
      for (const key of parsed.blocks) expect(Object.keys(blocks)).toContain(key);
    },
  );

  it("names only products, images and pages of the samples", ({ expect }) => {
    const catalogue = readFileSync(join(SAMPLES, "catalog.csv"), "utf8");
    for (const [, image] of text.matchAll(/\/media\/([\w.-]+)/g)) {
      expect(existsSync(join(SAMPLES, "images", image!)), image).toBe(true);
    }
    for (const [, slug] of text.matchAll(/\/pages\/([\w-]+)/g)) {
      expect(Object.keys(pages)).toContain(slug);
    }
    const picks = NewBlock.parse(blocks["home-picks"]).data.products as string[];
    expect(picks.length).toBeGreaterThan(0);
    for (const handle of picks) expect(catalogue).toContain(`\n${handle},`);
  });
});
