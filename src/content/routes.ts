import { Hono } from "hono";
import { z } from "zod";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { valid } from "../platform/http/valid.ts";
import { publicPage } from "../platform/pages/index.ts";
import { findBlock, findShownPage } from "./find-content.ts";
import { Block, ContentName, Page } from "./model.ts";
import { blockIdOf, blockTag, pageTag } from "./tags.ts";
import { blockView, pageView } from "./views.ts";

const PROBLEMS = ["not-found", "request-invalid", "dependency-unavailable"] as const;

export const contentRoutes = new Hono<ApiEnv>()
  .get(
    "/content/blocks/:key",
    describe({
      summary: "A published block of content",
      tag: "Content",
      audience: "public",
      responses: { 200: Block },
      problems: PROBLEMS,
    }),
    valid("param", z.object({ key: ContentName })),
    (c) => {
      const { key } = c.req.valid("param");
      return publicPage(c, {
        name: "content-block",
        params: { key },
        async render() {
          const row = await findBlock(c.var.io.documents, key);
          if (!row?.published) return undefined;
          return { body: blockView(row), tags: [blockTag(row.id)] };
        },
      });
    },
  )
  .get(
    "/content/pages/:slug",
    describe({
      summary: "A published page with the published blocks that it shows",
      tag: "Content",
      audience: "public",
      responses: { 200: Page },
      problems: PROBLEMS,
    }),
    valid("param", z.object({ slug: ContentName })),
    (c) => {
      const { slug } = c.req.valid("param");
      return publicPage(c, {
        name: "content-page",
        params: { slug },
        async render() {
          const found = await findShownPage(c.var.io.documents, slug);
          if (!found) return undefined;
          const { page, blocks } = found;
          // Of all blocks that it names, also those that are not there: one may appear.
          const blockIds = await Promise.all(page.blocks.map(blockIdOf));
          const tags = [pageTag(page.id), ...blockIds.map(blockTag)];
          return { body: pageView(page, blocks), tags };
        },
      });
    },
  );
