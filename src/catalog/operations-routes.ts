import { type Context, Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import { audited } from "../platform/http/audited.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import { idempotent } from "../platform/http/idempotency.ts";
import { invalid, Problem, type ProblemSlug } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { Sku } from "../shared/ids.ts";
import { MINOR_MAX, Money } from "../shared/money.ts";
import { changePrice } from "./change-price.ts";
import { ImportReport, importCatalog } from "./import/import-catalog.ts";
import { MEDIA_BYTES_MAX, MEDIA_NAME, MEDIA_TYPES, type MediaError, storeMedia } from "./media.ts";
import type { ReceiveStock } from "./model.ts";
import { priceRuleRoutes } from "./price-rule-routes.ts";
import { publishCatalogEvents } from "./publish-events.ts";
import { PurgeAnswer, purgeAnswer } from "./purge-answer.ts";
import { mediaBucket } from "./stub.ts";

const Price = Money.extend({ amount: z.int().min(0).max(MINOR_MAX) });
const PriceRequest = z
  .object({
    price: Price.optional(),
    compareAtPrice: Price.nullable().optional().describe("`null` takes the former price away"),
  })
  .refine(({ price, compareAtPrice }) => price !== undefined || compareAtPrice !== undefined, {
    message: "name price, compareAtPrice or both",
  });
const PriceAnswer = z.object({
  sku: Sku,
  variantId: z.string(),
  productId: z.string(),
  price: Money,
  compareAtPrice: Money.nullable(),
  priceFrom: Money.describe("The product's lowest price, before any price rule"),
  purge: PurgeAnswer.optional(),
});
const MediaName = z.object({ name: z.string().regex(MEDIA_NAME, "is not a media name") });
const MediaAnswer = z.object({
  name: z.string(),
  url: z.string(),
  contentType: z.string(),
  bytes: z.int(),
});

const OPERATION_PROBLEMS: readonly ProblemSlug[] = [
  "request-invalid",
  "unauthorized",
  "forbidden",
  "idempotency-key-reused",
  "request-in-progress",
  "request-too-large",
  "dependency-unavailable",
];

const byStaff = idempotent((c) => `staff:${c.var.staff}`);

/** Reads the body as bytes before anything reads it as text, which would replace what is not UTF-8. */
const keepBytes = createMiddleware<ApiEnv>(async (c, next) => {
  await c.req.arrayBuffer();
  await next();
});

/** `receiveStockFor` is inventory's: this context is a leaf and may not know it. */
export const catalogOperationsRoutes = (receiveStockFor: (c: Context<ApiEnv>) => ReceiveStock) =>
  new Hono<ApiEnv>()
    .post(
      "/catalog/import",
      describe({
        summary: "Import products from CSV in Shopify's product columns (text/csv, UTF-8)",
        tag: "Operations",
        audience: "staff",
        scope: "catalog:write",
        headers: { "Idempotency-Key": "optional" },
        uploads: ["text/csv"],
        responses: { 200: ImportReport },
        problems: [...OPERATION_PROBLEMS, "unsupported-media-type"],
      }),
      keepBytes,
      byStaff,
      audited("catalog.imported"),
      async (c) => {
        if (mediaTypeOfRequest(c) !== "text/csv") throw new Problem("unsupported-media-type");
        const { sql, documents, clock, config } = c.var.io;
        const report = await importCatalog(
          {
            sql,
            documents,
            clock,
            currency: config.STORE_CURRENCY,
            receiveStock: receiveStockFor(c),
            publish: (events) => publishCatalogEvents(c.var.io, c.env, events),
          },
          await c.req.arrayBuffer(),
        );
        if (!report.ok) throw invalid({ pointer: "", ...report.error });
        return c.json(report.value, 200);
      },
    )
    .patch(
      "/variants/:sku",
      describe({
        summary: "Change a variant's price, or the former price shown beside it",
        tag: "Operations",
        audience: "staff",
        scope: "catalog:write",
        headers: { "Idempotency-Key": "optional" },
        responses: { 200: PriceAnswer },
        problems: [...OPERATION_PROBLEMS, "sku-unknown"],
      }),
      byStaff,
      valid("param", z.object({ sku: Sku })),
      valid("json", PriceRequest),
      audited("price.changed"),
      async (c) => {
        const { price, compareAtPrice } = c.req.valid("json");
        const { io } = c.var;
        requireStoreCurrency(io.config.STORE_CURRENCY, { price, compareAtPrice });
        const changed = await changePrice(io, {
          sku: c.req.valid("param").sku,
          priceMinor: price?.amount,
          compareAtMinor: compareAtPrice === null ? null : compareAtPrice?.amount,
        });
        if (!changed.ok) throw new Problem("sku-unknown");
        const { variant, events } = changed.value;
        const appended = await publishCatalogEvents(io, c.env, events);
        return c.json({ ...variant, ...purgeAnswer(appended) }, 200);
      },
    )
    .put(
      "/media/:name",
      describe({
        summary: "Store an image under a name that is for ever (SVG, PNG, JPEG, WebP or AVIF)",
        tag: "Operations",
        audience: "staff",
        scope: "catalog:write",
        headers: { "Idempotency-Key": "optional" },
        uploads: MEDIA_TYPES,
        responses: { 200: MediaAnswer },
        problems: OPERATION_PROBLEMS,
      }),
      keepBytes,
      byStaff,
      valid("param", MediaName),
      audited("media.stored"),
      async (c) => {
        const bytes = await c.req.arrayBuffer();
        if (bytes.byteLength > MEDIA_BYTES_MAX) throw new Problem("request-too-large");
        const { name } = c.req.valid("param");
        const contentType = mediaTypeOfRequest(c);
        const stored = await storeMedia(mediaBucket(c.env), c.var.meter, {
          name,
          contentType,
          bytes,
        });
        if (!stored.ok) throw mediaProblem(stored.error);
        return c.json(stored.value, 200);
      },
    )
    .route("/", priceRuleRoutes);

const mediaTypeOfRequest = (c: Context) =>
  (c.req.header("Content-Type") ?? "").split(";")[0]!.trim().toLowerCase();

function requireStoreCurrency(
  currency: string,
  amounts: Record<string, Money | null | undefined>,
): void {
  const wrong = Object.entries(amounts).filter(
    ([, amount]) => amount && amount.currency !== currency,
  );
  if (wrong.length === 0) return;
  throw invalid(
    ...wrong.map(([field]) => {
      const message = `the store's currency is ${currency}`;
      return { pointer: `/${field}/currency`, code: "unsupported", message };
    }),
  );
}

function mediaProblem(error: MediaError): Problem {
  switch (error.code) {
    case "type_mismatch": {
      const message = `the name asks for ${error.expected}; the Content-Type or the content is another`;
      return invalid({ pointer: "/header/Content-Type", code: error.code, message });
    }
    case "name_taken": {
      const message = "another image has this name for ever; choose another name";
      return invalid({ pointer: "/path/name", code: error.code, message });
    }
  }
}
