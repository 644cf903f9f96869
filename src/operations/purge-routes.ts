import { type Context, Hono } from "hono";
import { z } from "zod";
import {
  type AppendError,
  appendFacts,
  edgeReader,
  isTag,
  type NewFact,
} from "../platform/edge/index.ts";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent } from "../platform/http/idempotency.ts";
import { type FieldError, invalid, Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { countPages, pageDigest, pageStatistics, pageTag } from "../platform/pages/index.ts";
import { timestamp } from "../shared/clock.ts";
import { sha256Hex } from "../shared/digest.ts";

const TAGS_MAX = 1_000;
const PATHS_MAX = 100;

const PurgeRequest = z
  .object({
    tags: z
      .array(z.string().max(128).refine(isTag, "must be `kind:id`, without a comma, `*` or space"))
      .max(TAGS_MAX)
      .default([])
      .describe("`product:<id>`, `category:<id>`, …: every page that shows one of them"),
    paths: z
      .array(z.string().max(2_048))
      .max(PATHS_MAX)
      .default([])
      .describe("Paths with their query: these pages alone"),
    all: z.boolean().default(false),
    dryRun: z.boolean().default(false).describe("Only say what would be purged"),
  })
  .refine(({ tags, paths, all }) => all || tags.length + paths.length > 0, {
    message: "names nothing to purge",
  });

const PurgeResult = z
  .object({
    position: z.int().describe("The feed's position that holds the purge"),
    effectiveBy: z.iso
      .datetime()
      .nullable()
      .describe("From then on no page anywhere shows what was before; null for a dry run"),
    tags: z.array(z.string()),
    pages: z.int().describe("How many pages that the answering isolate holds in memory it ends"),
  })
  .meta({ id: "PurgeResult" });

const PageStatistics = z
  .object({
    entries: z.int(),
    bytes: z.int(),
    served: z.record(z.string(), z.int()).describe("Answers by `X-Cache`, since the isolate began"),
    hitRates: z
      .record(z.string(), z.number())
      .describe("Of those who came as far as a layer, the share that it answered"),
    feed: z.object({
      position: z.int(),
      state: z.enum(["fresh", "grace", "blind"]),
      ageMs: z.int().nullable().describe("How old this isolate's knowledge of purges is"),
    }),
  })
  .meta({ id: "PageStatistics" });

/** The key of the public page under a path, or undefined: routing is the composition's to know. */
export type FindPageKey = (c: Context<ApiEnv>, path: string) => Promise<string | undefined>;

export const purgeRoutes = (findPageKey: FindPageKey) =>
  new Hono<ApiEnv>()
    .post(
      "/purge",
      describe({
        summary: "Purge pages everywhere, by what they show, by path, or all",
        tag: "Operations",
        audience: "staff",
        scope: "pages:write",
        headers: { "Idempotency-Key": "optional" },
        responses: { 200: PurgeResult },
        problems: [
          "request-invalid",
          "unauthorized",
          "forbidden",
          "rate-limited",
          "idempotency-key-reused",
          "dependency-unavailable",
        ],
      }),
      idempotent((c) => `staff:${c.var.staff}`),
      valid("json", PurgeRequest),
      audited("pages.purged"),
      async (c) => {
        const { tags, paths, all, dryRun } = c.req.valid("json");
        const { io, meter, staff } = c.var;
        const named = [...new Set([...tags, ...(await tagsOf(c, paths, findPageKey))])];
        const nowMs = io.clock.nowMs();
        const pages = countPages(c.env, nowMs, all ? undefined : new Set(named));
        if (dryRun) {
          const { position } = edgeReader(c.env).view;
          return c.json({ position, effectiveBy: null, tags: named, pages }, 200);
        }
        c.set("acted", { tags: named });
        const key = idempotencyKeyOf(c);
        const appended = await appendFacts(c.env, meter, factsOf(named, all), {
          byOperator: true,
          ...(key === undefined ? {} : { batchId: `ops:${await sha256Hex(`${staff}\n${key}`)}` }),
        });
        if (!appended.ok) throw appendProblem(appended.error);
        const { position, effectiveByMs } = appended.value;
        return c.json({ position, effectiveBy: timestamp(effectiveByMs), tags: named, pages }, 200);
      },
    )
    .get(
      "/pages",
      describe({
        summary: "The answering isolate's page cache: size, hits by layer, knowledge of purges",
        tag: "Operations",
        audience: "staff",
        scope: "pages:read",
        responses: { 200: PageStatistics },
        problems: ["unauthorized", "forbidden"],
      }),
      (c) => {
        const statistics = pageStatistics(c.env, c.var.io.clock.nowMs());
        return c.json({ ...statistics, hitRates: hitRates(statistics.served) }, 200);
      },
    );

/** Every page carries a tag made of its key, so a path is purged by tag like everything else. */
async function tagsOf(
  c: Context<ApiEnv>,
  paths: readonly string[],
  findPageKey: FindPageKey,
): Promise<string[]> {
  const keys = await Promise.all(paths.map((path) => findPageKey(c, path)));
  const faults = keys.flatMap((key, at): FieldError[] =>
    key === undefined
      ? [{ pointer: `/paths/${at}`, code: "not_a_page", message: "is no public page's path" }]
      : [],
  );
  if (faults.length > 0) throw invalid(...faults);
  return Promise.all(keys.map(async (key) => pageTag(await pageDigest(key!))));
}

const factsOf = (tags: readonly string[], all: boolean): NewFact[] =>
  all ? [{ kind: "purge_all", value: "" }] : tags.map((value) => ({ kind: "purge", value }));

function appendProblem(error: AppendError): Problem {
  switch (error.code) {
    case "too_many_requests": {
      const seconds = String(Math.ceil(error.retryAfterMs / 1_000));
      return new Problem(
        "rate-limited",
        {},
        {
          "Retry-After": seconds,
          RateLimit: `"purges";r=0;t=${seconds}`,
          "RateLimit-Policy": '"purges";q=60;w=60',
        },
      );
    }
    case "feed_full":
      throw new Error(`the edge feed is full of ${error.kind}`);
  }
}

type Served = ReturnType<typeof pageStatistics>["served"];

function hitRates(served: Served): Record<string, number> {
  const layers = ["hit-memory", "hit-pop", "hit-global"] as const;
  let left = Object.values(served).reduce((sum, count) => sum + count, 0);
  const rates: Record<string, number> = {};
  for (const layer of layers) {
    rates[layer] = left === 0 ? 0 : served[layer] / left;
    left -= served[layer];
  }
  return rates;
}
