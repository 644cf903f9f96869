import { z } from "zod";
import { CategoryId, ProductId, PromotionId, type VoucherId } from "../shared/ids.ts";
import { MINOR_MAX, Money } from "../shared/money.ts";

export const BASIS_POINTS = 10_000;
/** A cart's codes of each kind: each costs an object call at the checkout. */
export const CODES_MAX = 5;
const TARGETS_MAX = 100;
const UNITS_MAX = 100;
const USES_MAX = 1_000_000_000;

/** As a shopper types it: case and spaces around it mean nothing. */
export const CouponCode = z
  .string()
  .transform((text) => text.trim().toUpperCase())
  .pipe(z.string().regex(/^[A-Z0-9][A-Z0-9_-]{1,39}$/, "is 2 to 40 letters, digits, - or _"));

const Percentage = z.int().min(1).max(BASIS_POINTS).describe("In basis points: 1,000 is 10 %");

export const Effect = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("percentage"), basisPoints: Percentage }),
  z.object({ kind: z.literal("amount"), amountMinor: z.int().min(1).max(MINOR_MAX) }),
  z.object({ kind: z.literal("free_shipping") }),
  z.object({
    kind: z.literal("buy_x_get_y"),
    buyQuantity: z.int().min(1).max(UNITS_MAX),
    getQuantity: z.int().min(1).max(UNITS_MAX),
    basisPoints: Percentage,
  }),
]);
export type Effect = z.infer<typeof Effect>;

export const Target = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("all") }),
  z.object({
    kind: z.literal("products"),
    productIds: z.array(ProductId).min(1).max(TARGETS_MAX),
  }),
  z.object({
    kind: z.literal("categories"),
    categoryIds: z.array(CategoryId).min(1).max(TARGETS_MAX),
  }),
]);
export type Target = z.infer<typeof Target>;

export const Stacking = z
  .enum(["exclusive", "combinable"])
  .describe("`exclusive` applies alone, without any other code or automatic rule");

/** A coupon, or an automatic rule when it has no code. */
export type Promotion = {
  id: PromotionId;
  code: string | null;
  title: string;
  effect: Effect;
  /** The lines that it discounts; also those that its buy-X-get-Y counts. */
  target: Target;
  /** Of all lines on sale, before any discount. */
  minimumSubtotalMinor: number;
  stacking: z.infer<typeof Stacking>;
  startsAtMs: number;
  /** The first moment at which it is over. */
  endsAtMs: number | null;
  usesMax: number | null;
  usesPerShopperMax: number | null;
  active: boolean;
};

export const CodeRefusalReason = z.enum([
  "unknown",
  "not_started",
  "expired",
  "minimum_not_reached",
  "limit_reached",
  "not_combinable",
  "not_applicable",
]);
export type CodeRefusalReason = z.infer<typeof CodeRefusalReason>;
/** Why a code does nothing: the same shape for coupons, and for vouchers by their masked code. */
export type CodeRefusal = { code: string; reason: CodeRefusalReason };

/** How often a coupon was used, by everybody and by the shopper who asks. */
export type CouponUsage = { uses: number; usesByShopper: number };
export type CouponLimits = { usesMax: number | null; usesPerShopperMax: number | null };

/** A voucher as its object knows it. `mask` shows the end of the code and nothing more. */
export type VoucherState = {
  voucherId: VoucherId;
  mask: string;
  currency: string;
  initialMinor: number;
  balanceMinor: number;
  expiresAtMs: number | null;
};

const Moment = z.iso.datetime({ offset: true });
const UsesMax = z.int().min(1).max(USES_MAX).nullable();

const promotionFields = {
  title: z.string().trim().min(1).max(120),
  effect: Effect,
  target: Target,
  minimumSubtotal: Money.extend({ amount: z.int().min(0).max(MINOR_MAX) }).nullable(),
  stacking: Stacking,
  startsAt: Moment,
  endsAt: Moment.nullable(),
  usesMax: UsesMax.describe("By all shoppers together; only for a coupon"),
  usesPerShopperMax: UsesMax.describe("Only for a coupon"),
};

export const NewPromotion = z.object({
  code: CouponCode.optional().describe("Without a code the rule applies by itself"),
  title: promotionFields.title,
  effect: Effect,
  target: Target.default({ kind: "all" }),
  minimumSubtotal: promotionFields.minimumSubtotal.default(null),
  stacking: Stacking.default("combinable"),
  startsAt: Moment.optional().describe("Now, unless told"),
  endsAt: promotionFields.endsAt.default(null),
  usesMax: UsesMax.default(null),
  usesPerShopperMax: UsesMax.default(null),
});
export type NewPromotion = z.infer<typeof NewPromotion>;

/** A code never changes: its uses are counted under it. */
export const PromotionChange = z
  .object({ ...promotionFields, active: z.boolean() })
  .partial()
  .refine((change) => Object.keys(change).length > 0, { message: "name what is to change" });
export type PromotionChange = z.infer<typeof PromotionChange>;

export const PromotionView = z
  .object({
    id: PromotionId,
    code: z.string().nullable(),
    ...promotionFields,
    active: z.boolean(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "Promotion" });
export type PromotionView = z.infer<typeof PromotionView>;
