import { type Context, Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { Problem, type ProblemSlug } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { timestamp } from "../shared/clock.ts";
import { deleteBlock, deletePage } from "./delete-content.ts";
import { findBlock, findPage } from "./find-content.ts";
import {
  type ContentError,
  ContentName,
  NewBlock,
  NewPage,
  type NotedPurge,
  PurgeNotice,
  StaffBlock,
  StaffPage,
} from "./model.ts";
import { publishOrLeave } from "./publish-purges.ts";
import { saveBlock } from "./save-block.ts";
import { savePage } from "./save-page.ts";
import { staffBlockView, staffPageView } from "./views.ts";

const BlockPath = z.object({ key: ContentName });
const PagePath = z.object({ slug: ContentName });
const AtVersion = z.object({
  version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, "must be a version")
    .transform(Number)
    .describe("The version that is to go"),
});

const SavedBlock = StaffBlock.extend({ purge: PurgeNotice }).meta({ id: "SavedBlock" });
const SavedPage = StaffPage.extend({ purge: PurgeNotice }).meta({ id: "SavedPage" });
const Removed = z.object({ purge: PurgeNotice }).meta({ id: "RemovedContent" });

const READ_PROBLEMS: readonly ProblemSlug[] = [
  "not-found",
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
];
const WRITE_PROBLEMS: readonly ProblemSlug[] = [
  "content-conflict",
  "request-invalid",
  "request-malformed",
  "request-too-large",
  "unauthorized",
  "forbidden",
  "idempotency-key-reused",
  "request-in-progress",
  "dependency-unavailable",
];

const reading = (summary: string, answer: z.ZodType) =>
  describe({
    summary,
    tag: "Operations",
    audience: "staff",
    scope: "content:read",
    responses: { 200: answer },
    problems: READ_PROBLEMS,
  });

const writing = (summary: string, responses: { 200: z.ZodType; 201?: z.ZodType }) =>
  describe({
    summary,
    tag: "Operations",
    audience: "staff",
    scope: "content:write",
    headers: { "Idempotency-Key": "optional" },
    responses,
    problems: WRITE_PROBLEMS,
  });

const byStaff = idempotent((c) => `staff:${c.var.staff}`);

export const contentOperationsRoutes = new Hono<ApiEnv>()
  .get(
    "/content/blocks/:key",
    reading("A block, published or not, with the version that a change has to name", StaffBlock),
    valid("param", BlockPath),
    async (c) => {
      const row = await findBlock(c.var.io.documents, c.req.valid("param").key);
      if (!row) throw new Problem("not-found");
      return c.json(staffBlockView(row), 200);
    },
  )
  .put(
    "/content/blocks/:key",
    writing("Make a block, or replace the version that was read", {
      200: SavedBlock,
      201: SavedBlock,
    }),
    byStaff,
    valid("param", BlockPath),
    valid("json", NewBlock),
    audited("block.saved"),
    async (c) => {
      const draft = c.req.valid("json");
      const saved = await saveBlock(c.var.io, c.req.valid("param").key, draft);
      if (!saved.ok) throw contentProblem(saved.error);
      const { value, purge } = saved.value;
      const answer = { ...staffBlockView(value), purge: await noticeOf(c, purge) };
      return c.json(answer, draft.version === 0 ? 201 : 200);
    },
  )
  .delete(
    "/content/blocks/:key",
    writing("Remove a block; pages that name it go on without it", { 200: Removed }),
    byStaff,
    valid("param", BlockPath),
    valid("query", AtVersion),
    audited("block.removed"),
    async (c) => {
      const { key } = c.req.valid("param");
      const removed = await deleteBlock(c.var.io, key, c.req.valid("query").version);
      if (!removed.ok) throw contentProblem(removed.error);
      return c.json({ purge: await noticeOf(c, removed.value.purge) }, 200);
    },
  )
  .get(
    "/content/pages/:slug",
    reading("A page, published or not, with the keys of its blocks", StaffPage),
    valid("param", PagePath),
    async (c) => {
      const row = await findPage(c.var.io.documents, c.req.valid("param").slug);
      if (!row) throw new Problem("not-found");
      return c.json(staffPageView(row), 200);
    },
  )
  .put(
    "/content/pages/:slug",
    writing("Make a page, or replace the version that was read", {
      200: SavedPage,
      201: SavedPage,
    }),
    byStaff,
    valid("param", PagePath),
    valid("json", NewPage),
    audited("page.saved"),
    async (c) => {
      const draft = c.req.valid("json");
      const saved = await savePage(c.var.io, c.req.valid("param").slug, draft);
      if (!saved.ok) throw contentProblem(saved.error);
      const { value, purge } = saved.value;
      const answer = { ...staffPageView(value), purge: await noticeOf(c, purge) };
      return c.json(answer, draft.version === 0 ? 201 : 200);
    },
  )
  .delete(
    "/content/pages/:slug",
    writing("Remove a page; its blocks stay", { 200: Removed }),
    byStaff,
    valid("param", PagePath),
    valid("query", AtVersion),
    audited("page.removed"),
    async (c) => {
      const { slug } = c.req.valid("param");
      const removed = await deletePage(c.var.io, slug, c.req.valid("query").version);
      if (!removed.ok) throw contentProblem(removed.error);
      return c.json({ purge: await noticeOf(c, removed.value.purge) }, 200);
    },
  );

/** Tells the feed before the answer, so that the answer can say by when the change is seen. */
async function noticeOf(
  c: Context<ApiEnv>,
  purge: NotedPurge | undefined,
): Promise<z.output<typeof PurgeNotice>> {
  const appended = purge && (await publishOrLeave(c.var.io, c.env, purge));
  if (!appended) return null;
  return { position: appended.position, effectiveBy: timestamp(appended.effectiveByMs) };
}

function contentProblem(error: ContentError): Problem {
  switch (error.code) {
    case "version_conflict":
      return new Problem("content-conflict", { current: error.current });
  }
}
