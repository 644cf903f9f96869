import { type Context, Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { invalid, Problem, type ProblemSlug } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { timestamp } from "../shared/clock.ts";
import { PriceRuleId } from "../shared/ids.ts";
import { MINOR_MAX } from "../shared/money.ts";
import {
  createPriceRule,
  deletePriceRule,
  LIVE_RULES_MAX,
  listPriceRules,
  type StoredRule,
} from "./change-price-rules.ts";
import type { RecordedEvent } from "./outbox.ts";
import { publishCatalogEvents } from "./publish-events.ts";
import { PurgeAnswer, purgeAnswer } from "./purge-answer.ts";
import { priceClock } from "./stub.ts";

const TITLE_MAX = 255;
const HUNDREDTHS = 100;
const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;

const Instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const RuleRequest = z
  .object({
    title: z.string().trim().min(1).max(TITLE_MAX),
    kind: z.enum(["percentage", "amount"]),
    value: z
      .number()
      .positive()
      .max(MINOR_MAX)
      .describe("Percent off, to two decimals; or minor units of the store's currency off"),
    target: z.enum(["all", "product", "category"]),
    targetId: z.string().max(40).optional().describe("The product's or category's id"),
    startsAt: Instant.optional().describe("Now unless told, or when it is past"),
    endsAt: Instant.nullable().optional().describe("When it holds no longer; never unless told"),
  })
  .refine(({ target, targetId }) => (target === "all") === (targetId === undefined), {
    path: ["targetId"],
    message: "names the product or the category, and nothing for all",
  })
  .refine(({ kind, value }) => kind !== "percentage" || value <= 100, {
    path: ["value"],
    message: "a percentage is at most 100",
  })
  .refine(({ kind, value }) => Number.isInteger(stored({ kind, value })), {
    path: ["value"],
    message: "a percentage has at most two decimals, an amount has none",
  });

const Rule = z
  .object({
    id: PriceRuleId,
    title: z.string(),
    kind: z.enum(["percentage", "amount"]),
    value: z.number(),
    target: z.enum(["all", "product", "category"]),
    targetId: z.string().nullable(),
    startsAt: z.string(),
    endsAt: z.string().nullable(),
    createdAt: z.string(),
  })
  .meta({ id: "PriceRule" });
const ChangedRule = Rule.extend({ purge: PurgeAnswer.optional() }).meta({ id: "ChangedPriceRule" });
const RuleList = z
  .object({ items: z.array(Rule), nextCursor: z.string().nullable() })
  .meta({ id: "PriceRuleList" });

const ListQuery = z.object({
  limit: z
    .string()
    .regex(/^\d{1,4}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.number().min(1).max(LIMIT_MAX))
    .optional(),
  cursor: z.string().min(1).max(4096).optional(),
});

const PROBLEMS: readonly ProblemSlug[] = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
];
const WRITE_PROBLEMS: readonly ProblemSlug[] = [
  ...PROBLEMS,
  "idempotency-key-reused",
  "request-in-progress",
];
const byStaff = idempotent((c) => `staff:${c.var.staff}`);

export const priceRuleRoutes = new Hono<ApiEnv>()
  .get(
    "/price-rules",
    describe({
      summary: "Price rules, the newest first",
      tag: "Operations",
      audience: "staff",
      scope: "catalog:read",
      responses: { 200: RuleList },
      problems: PROBLEMS,
    }),
    valid("query", ListQuery),
    async (c) => {
      const { limit = LIMIT_DEFAULT, cursor } = c.req.valid("query");
      const list = await listPriceRules(c.var.io.sql, { limit, cursor });
      if (!list.ok) {
        const message = "is not a cursor of this list";
        throw invalid({ pointer: "/query/cursor", code: "invalid", message });
      }
      const { items, nextCursor } = list.value;
      return c.json({ items: items.map(ruleView), nextCursor }, 200);
    },
  )
  .post(
    "/price-rules",
    describe({
      summary: "Take a percentage or an amount off prices, from a time to a time",
      tag: "Operations",
      audience: "staff",
      scope: "catalog:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: ChangedRule },
      problems: WRITE_PROBLEMS,
    }),
    byStaff,
    valid("json", RuleRequest),
    audited("price_rule.created"),
    async (c) => {
      const { startsAt, endsAt = null, targetId = null, ...rule } = c.req.valid("json");
      const { io } = c.var;
      await wakeClockLater(c);
      const created = await createPriceRule(io, {
        ...rule,
        value: stored(rule),
        targetId,
        startsAtMs: startsAt,
        endsAtMs: endsAt,
      });
      if (!created.ok) throw ruleProblem(created.error.code);
      return c.json(await tell(c, created.value), 201);
    },
  )
  .delete(
    "/price-rules/:id",
    describe({
      summary: "Withdraw a price rule: it ends now, or never begins",
      tag: "Operations",
      audience: "staff",
      scope: "catalog:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: ChangedRule },
      problems: [...WRITE_PROBLEMS, "not-found"],
    }),
    byStaff,
    valid("param", z.object({ id: PriceRuleId })),
    audited("price_rule.withdrawn"),
    async (c) => {
      await wakeClockLater(c);
      const deleted = await deletePriceRule(c.var.io, c.req.valid("param").id);
      if (!deleted.ok) throw new Problem("not-found");
      return c.json(await tell(c, deleted.value), 200);
    },
  );

/** As rules are stored: hundredths of a percent, or minor units. Rounding takes away a float's noise only. */
function stored({ kind, value }: { kind: "percentage" | "amount"; value: number }): number {
  const exact = kind === "percentage" ? value * HUNDREDTHS : value;
  const rounded = Math.round(exact);
  return Math.abs(exact - rounded) < 1e-6 ? rounded : exact;
}

const COMMIT_MS = 5_000;

/** Before the change: should this Worker die right after it, the clock looks by itself. */
async function wakeClockLater(c: Context<ApiEnv>): Promise<void> {
  const { meter, io } = c.var;
  const atMs = io.clock.nowMs() + COMMIT_MS;
  await meter.step("object", async () => priceClock(c.env).wakeAt(atMs));
}

/** After the change: tells the pages, and the clock, which may take its time. */
async function tell(
  c: Context<ApiEnv>,
  { rule, events }: { rule: StoredRule; events: RecordedEvent[] },
) {
  const { meter, io } = c.var;
  const [appended] = await Promise.all([
    publishCatalogEvents(io, c.env, events),
    meter.step("object", async () => priceClock(c.env).wakeAt(io.clock.nowMs())),
  ]);
  return { ...ruleView(rule), ...purgeAnswer(appended) };
}

const ruleView = ({ startsAtMs, endsAtMs, createdAtMs, ...rule }: StoredRule) => ({
  id: rule.id,
  title: rule.title,
  kind: rule.kind,
  value: rule.kind === "percentage" ? rule.value / HUNDREDTHS : rule.value,
  target: rule.target,
  targetId: rule.targetId,
  startsAt: timestamp(startsAtMs),
  endsAt: endsAtMs === null ? null : timestamp(endsAtMs),
  createdAt: timestamp(createdAtMs),
});

function ruleProblem(code: "target_unknown" | "rules_too_many" | "ends_before_it_starts"): Problem {
  switch (code) {
    case "target_unknown":
      return invalid({ pointer: "/targetId", code, message: "there is no such target" });
    case "rules_too_many":
      return invalid({
        pointer: "",
        code,
        message: `at most ${LIVE_RULES_MAX} rules may hold or be yet to come`,
      });
    case "ends_before_it_starts":
      return invalid({ pointer: "/endsAt", code, message: "must be after its start, and now" });
  }
}
