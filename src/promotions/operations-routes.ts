import { Hono } from "hono";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotencyKeyOf, idempotent, REPLAYED_HEADER } from "../platform/http/idempotency.ts";
import { invalid, Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { PromotionId } from "../shared/ids.ts";
import {
  changePromotion,
  createPromotion,
  type PromotionError,
  promotionView,
} from "./change-promotion.ts";
import {
  IssuedVoucher,
  issueVoucher,
  NewVoucher,
  readVoucher,
  VoucherView,
} from "./issue-voucher.ts";
import { NewPromotion, PromotionChange, PromotionView } from "./model.ts";
import { listPromotions } from "./store.ts";

const LIMIT_MAX = 100;
const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(20),
  cursor: z
    .string()
    .regex(/^\d{1,15}\.prm_[0-9a-z]{1,40}$/, "is not a cursor of this list")
    .optional()
    .describe("`nextCursor` of the page before"),
});
const PromotionList = z.object({
  items: z.array(PromotionView),
  nextCursor: z.string().nullable(),
});
const PromotionPath = z.object({ id: PromotionId });
const VoucherPath = z.object({ code: z.string().min(4).max(60) });

const READ_PROBLEMS = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "dependency-unavailable",
] as const;
const WRITE_PROBLEMS = [
  ...READ_PROBLEMS,
  "request-malformed",
  "idempotency-key-reused",
  "request-in-progress",
] as const;

const byStaff = idempotent((c) => `staff:${c.var.staff}`);

export const promotionOperationsRoutes = new Hono<ApiEnv>()
  .get(
    "/promotions",
    describe({
      summary: "Coupons and automatic rules, the newest first",
      tag: "Operations",
      audience: "staff",
      scope: "promotions:read",
      responses: { 200: PromotionList },
      problems: READ_PROBLEMS,
    }),
    valid("query", ListQuery),
    async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { sql, config } = c.var.io;
      const [atMs, id] = cursor?.split(".") ?? [];
      const before = id ? { createdAtMs: Number(atMs), id: PromotionId.parse(id) } : undefined;
      const rows = await listPromotions(sql, { limit: limit + 1, before });
      const shown = rows.slice(0, limit);
      const last = rows.length > limit ? shown.at(-1) : undefined;
      const items = shown.map((row) => promotionView(row, config.STORE_CURRENCY));
      return c.json({ items, nextCursor: last ? `${last.createdAtMs}.${last.id}` : null }, 200);
    },
  )
  .post(
    "/promotions",
    describe({
      summary: "Create a coupon, or without a code a rule that applies by itself",
      tag: "Operations",
      audience: "staff",
      scope: "promotions:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: PromotionView },
      problems: WRITE_PROBLEMS,
    }),
    byStaff,
    valid("json", NewPromotion),
    audited("promotion.created"),
    async (c) => {
      const asked = c.req.valid("json");
      const created = await createPromotion(c.var.io, asked);
      if (!created.ok) throw promotionProblem(created.error);
      return c.json(created.value, 201);
    },
  )
  .patch(
    "/promotions/:id",
    describe({
      summary: "Change a promotion, or end it with `active: false`",
      tag: "Operations",
      audience: "staff",
      scope: "promotions:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: PromotionView },
      problems: [...WRITE_PROBLEMS, "not-found"],
    }),
    byStaff,
    valid("param", PromotionPath),
    valid("json", PromotionChange),
    audited("promotion.changed"),
    async (c) => {
      const { id } = c.req.valid("param");
      const change = c.req.valid("json");
      const changed = await changePromotion(c.var.io, id, change);
      if (!changed.ok) throw promotionProblem(changed.error);
      return c.json(changed.value, 200);
    },
  )
  .post(
    "/vouchers",
    describe({
      summary: "Issue a gift voucher; its code is shown once",
      tag: "Operations",
      audience: "staff",
      scope: "vouchers:write",
      headers: { "Idempotency-Key": "optional" },
      responses: { 201: IssuedVoucher },
      problems: WRITE_PROBLEMS,
    }),
    valid("json", NewVoucher),
    audited("voucher.issued"),
    async (c) => {
      // Not by `idempotent`, which keeps answers: a code stands in no storage.
      const by = { staff: c.var.staff ?? "", idempotencyKey: idempotencyKeyOf(c) };
      const asked = c.req.valid("json");
      const issued = await issueVoucher(c.var.io, c.env, asked, by);
      if (!issued.ok && issued.error.code === "key_reused") {
        throw new Problem("idempotency-key-reused");
      }
      if (!issued.ok) {
        const { code } = issued.error;
        const pointer = code === "expired" ? "/expiresAt" : "/amount/currency";
        throw invalid({ pointer, code, message: "does not make a voucher that can be used" });
      }
      if (issued.value.isRepeat) c.header(REPLAYED_HEADER, "true");
      return c.json(issued.value.voucher, 201);
    },
  )
  .get(
    "/vouchers/:code",
    describe({
      summary: "A gift voucher's balance and movements, by its code or its id",
      tag: "Operations",
      audience: "staff",
      scope: "vouchers:read",
      responses: { 200: VoucherView },
      problems: [...READ_PROBLEMS, "not-found"],
    }),
    valid("param", VoucherPath),
    async (c) => {
      const voucher = await readVoucher(c.var.io, c.env, c.req.valid("param").code);
      if (!voucher) throw new Problem("not-found");
      return c.json(voucher, 200);
    },
  );

function promotionProblem(error: PromotionError): Problem {
  const { code } = error;
  switch (error.code) {
    case "promotion_unknown":
      return new Problem("not-found");
    case "code_taken":
      return invalid({ pointer: "/code", code, message: "belongs to another promotion" });
    case "automatic_limit":
      return invalid({
        pointer: "/code",
        code,
        message: `a shop has at most ${error.max} active rules without a code`,
      });
    case "limit_without_code":
      return invalid({ pointer: "/usesMax", code, message: "only a coupon's uses are counted" });
    case "window_empty":
      return invalid({ pointer: "/endsAt", code, message: "must be later than the start" });
    case "currency_unsupported":
      return invalid({ pointer: error.pointer, code, message: "is not the store's currency" });
  }
}
