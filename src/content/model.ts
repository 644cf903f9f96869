import { z } from "zod";
import { BlockId, ContentPageId } from "../shared/ids.ts";
import { isStorableJson, isStorableText } from "./storable.ts";

const TITLE_LENGTH_MAX = 200;
const DESCRIPTION_LENGTH_MAX = 500;
const HTML_LENGTH_MAX = 200_000;
const DATA_LENGTH_MAX = 64 * 1024;
const BLOCKS_PER_PAGE_MAX = 50;
/** Postgres' integer, less one for the next. */
const VERSION_MAX = 2_147_483_646;

/** What front ends and pages call a block, and shoppers a page: part of an address, so it never needs escaping. */
export const ContentName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,78}[a-z0-9])?$/, "1 to 80 of a-z, 0-9, dot, dash, underscore");

const line = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^\P{Cc}*$/u, "must not have control characters")
    .refine(isStorableText, "must be well-formed text");

const Title = line(TITLE_LENGTH_MAX).min(1);
const Html = z
  .string()
  .max(HTML_LENGTH_MAX)
  .refine(isStorableText, "must be well-formed text")
  .describe(
    "Rebuilt from an allow-list when it is saved: no script, style, frame or handler stays",
  );

const Data = z.record(z.string(), z.unknown());
const NewData = Data.refine(
  (data) => isStorableJson(data, DATA_LENGTH_MAX),
  `must be well-formed and at most ${DATA_LENGTH_MAX} characters of JSON`,
);

const seoLine = (max: number) => line(max).nullable().default(null);
const Seo = z.object({ title: z.string().nullable(), description: z.string().nullable() });
const NewSeo = z.object({
  title: seoLine(TITLE_LENGTH_MAX),
  description: seoLine(DESCRIPTION_LENGTH_MAX),
});
export type Seo = z.output<typeof Seo>;

const ExpectedVersion = z
  .int()
  .min(0)
  .max(VERSION_MAX)
  .default(0)
  .describe("The version that this replaces; 0, or none, for what is not there yet");

export const NewBlock = z.object({
  version: ExpectedVersion,
  title: Title,
  bodyHtml: Html.default(""),
  data: NewData.default({}).describe("Whatever a front end needs beside the text"),
  published: z.boolean().default(true),
});
export type NewBlock = z.output<typeof NewBlock>;

export const NewPage = z.object({
  version: ExpectedVersion,
  title: Title,
  bodyHtml: Html.default(""),
  blocks: z
    .array(ContentName)
    .max(BLOCKS_PER_PAGE_MAX)
    .default([])
    .describe("Keys of blocks in the order they are shown; one that is not published is left out"),
  seo: NewSeo.default({ title: null, description: null }),
  published: z.boolean().default(true),
});
export type NewPage = z.output<typeof NewPage>;

export const Block = z
  .object({
    id: BlockId,
    key: z.string(),
    locale: z.string(),
    title: z.string(),
    bodyHtml: z.string(),
    data: Data,
    version: z.int(),
    updatedAt: z.string(),
  })
  .meta({ id: "ContentBlock" });
export type Block = z.output<typeof Block>;

const PageHead = z.object({
  id: ContentPageId,
  slug: z.string(),
  locale: z.string(),
  title: z.string(),
  bodyHtml: z.string(),
  seo: Seo,
  version: z.int(),
  updatedAt: z.string(),
});
export const Page = PageHead.extend({ blocks: z.array(Block) }).meta({ id: "ContentPage" });
export type Page = z.output<typeof Page>;

export const StaffBlock = Block.extend({ published: z.boolean() }).meta({ id: "StaffBlock" });
export type StaffBlock = z.output<typeof StaffBlock>;
export const StaffPage = PageHead.extend({
  blocks: z.array(z.string()),
  published: z.boolean(),
}).meta({ id: "StaffPage" });
export type StaffPage = z.output<typeof StaffPage>;

/** When a change is seen everywhere; null when the feed could not be told: then the sweep does it within minutes. */
export const PurgeNotice = z
  .object({ position: z.int(), effectiveBy: z.string() })
  .nullable()
  .meta({ id: "PurgeNotice" });

/** Somebody else was faster. `current` is the version there is now, 0 for none. */
export type ContentError = { code: "version_conflict"; current: number };

/** A purge that stands in the database beside the change that needs it, until the feed has it. */
export type NotedPurge = { id: string; tags: readonly string[] };

/** A change that was made; without `purge` when it had been made before. */
export type Changed<T> = { value: T; purge: NotedPurge | undefined };
