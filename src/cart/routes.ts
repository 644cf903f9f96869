import { type Context, Hono, type MiddlewareHandler, type TypedResponse } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { z } from "zod";
import { requireShopper } from "../identity/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import {
  claimProblem,
  idempotencyKeyOf,
  idempotent,
  REPLAYED_HEADER,
} from "../platform/http/idempotency.ts";
import { Problem, type ProblemSlug } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { rateLimited } from "../platform/limits/index.ts";
import { type Answer, fingerprintOf } from "../platform/objects/answers.ts";
import { CouponCode, maskOf, voucherIdOf } from "../promotions/index.ts";
import { unreachable } from "../shared/assert.ts";
import { DeliveryMode } from "../shared/delivery-mode.ts";
import { Sku, VoucherId } from "../shared/ids.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";
import { cartProblem } from "./cart-problem.ts";
import { changeCart } from "./change-cart.ts";
import { codeTry } from "./code-try.ts";
import { mergeCart } from "./merge-cart.ts";
import { type CartChange, CartView } from "./model.ts";
import { CART_TOKEN_HEADER, guest, guestOf, newToken, ownerFromRequest } from "./owner.ts";
import { emptyCart } from "./price-cart.ts";
import { readCart } from "./read-cart.ts";

const NewLine = z.object({ sku: Sku, quantity: z.int().min(1).max(QUANTITY_MAX) });
const LinePath = z.object({ lineId: z.string().max(80) });
const LineQuantity = z.object({
  quantity: z.int().min(0).max(QUANTITY_MAX).describe("0 removes the line"),
});
const CART_TOKEN_MAX = 100;
const Merge = z.object({
  cartToken: z.string().min(1).max(CART_TOKEN_MAX).describe("The guest cart's `Cart-Token`"),
});
const NewCoupon = z.object({ code: CouponCode });
const CouponPath = z.object({ code: CouponCode });
const VOUCHER_CODE_MAX = 60;
const NewVoucher = z.object({ code: z.string().trim().min(4).max(VOUCHER_CODE_MAX) });
const VoucherPath = z.object({
  code: z.string().min(4).max(VOUCHER_CODE_MAX).describe("The code, or the id that the cart shows"),
});
const ModeChange = z
  .object({ mode: DeliveryMode, postalCode: z.string().trim().min(2).max(12).optional() })
  .refine(({ mode, postalCode }) => mode !== "hyperlocal" || postalCode !== undefined, {
    path: ["postalCode"],
    error: "says which stocked location is near",
  });

const READ_PROBLEMS = ["not-found", "request-invalid", "dependency-unavailable"] as const;
const CHANGE_PROBLEMS = [
  ...READ_PROBLEMS,
  "request-malformed",
  "insufficient-stock",
  "idempotency-key-reused",
  "request-in-progress",
] as const;

/** What all changes to a cart's lines and codes have in common. */
const describeChange = (
  summary: string,
  status: 200 | 201,
  problems: readonly ProblemSlug[] = [],
): MiddlewareHandler =>
  describe({
    summary,
    tag: "Cart",
    audience: "shopper",
    signedIn: "optional",
    headers: { "Cart-Token": "optional", "Idempotency-Key": "optional" },
    responses: { [status]: CartView },
    problems: [...CHANGE_PROBLEMS, ...problems],
  });

export const cartRoutes = new Hono<ApiEnv>()
  .get(
    "/cart",
    describe({
      summary:
        "The cart at current prices: the account's when signed in, else the `Cart-Token`'s; empty without either",
      tag: "Cart",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Cart-Token": "optional" },
      responses: { 200: CartView },
      problems: READ_PROBLEMS,
    }),
    async (c) => {
      const { io } = c.var;
      const owner = await ownerFromRequest(c);
      if (!owner) return c.json(emptyCart(io.config.STORE_CURRENCY), 200);
      const cart = await readCart(io, c.env, owner);
      if (cart.ok) return c.json(cart.value, 200);
      // An account has a cart before anything is in it; a token that names none is a wrong one.
      if (owner.kind !== "user" || cart.error.code !== "cart_unknown") {
        throw cartProblem(cart.error);
      }
      return c.json(emptyCart(io.config.STORE_CURRENCY), 200);
    },
  )
  .post(
    "/cart/merge",
    describe({
      summary: "Put a guest's cart into one's own; its token opens nothing afterwards",
      tag: "Cart",
      audience: "shopper",
      signedIn: "required",
      headers: { "Idempotency-Key": "optional" },
      responses: { 200: CartView },
      problems: [...CHANGE_PROBLEMS, "unauthorized", "cart-limit"],
    }),
    requireShopper,
    idempotent((c) => `merge:${c.var.shopper?.userId}`),
    valid("json", Merge),
    async (c) => {
      const from = await guestOf(c.req.valid("json").cartToken);
      const { userId } = c.var.shopper!;
      const merged = await mergeCart(c.var.io, c.env, from, { kind: "user", userId });
      if (!merged.ok) throw cartProblem(merged.error);
      return c.json(merged.value, 200);
    },
  )
  .post(
    "/cart/lines",
    describeChange("Add a SKU; without a `Cart-Token` it makes a cart and answers its token", 201, [
      "sku-unknown",
      "cart-limit",
    ]),
    valid("json", NewLine),
    async (c) => {
      const line = c.req.valid("json");
      return change(c, { kind: "add", ...line }, 201, line);
    },
  )
  .patch(
    "/cart/lines/:lineId",
    describeChange("Set a line's quantity", 200),
    valid("param", LinePath),
    valid("json", LineQuantity),
    async (c) => {
      const { lineId } = c.req.valid("param");
      const body = c.req.valid("json");
      return change(c, { kind: "set", lineId, ...body }, 200, body);
    },
  )
  .delete(
    "/cart/lines/:lineId",
    describeChange("Remove a line", 200),
    valid("param", LinePath),
    async (c) => {
      const { lineId } = c.req.valid("param");
      return change(c, { kind: "set", lineId, quantity: 0 }, 200, null);
    },
  )
  .put(
    "/cart/mode",
    describeChange("Choose how the cart is to be delivered", 200),
    valid("json", ModeChange),
    async (c) => {
      const body = c.req.valid("json");
      const { mode, postalCode = null } = body;
      return change(c, { kind: "mode", mode, postalCode }, 200, body);
    },
  )
  .post(
    "/cart/coupons",
    describeChange(
      "Apply a coupon; one that does nothing for this cart is refused with its reason",
      201,
      ["coupon-refused", "cart-limit", "rate-limited"],
    ),
    valid("json", NewCoupon),
    async (c) => {
      const { code } = c.req.valid("json");
      return change(c, { kind: "add_coupon", code }, 201, { code });
    },
  )
  .delete(
    "/cart/coupons/:code",
    describeChange("Take a coupon out", 200),
    valid("param", CouponPath),
    async (c) => {
      const { code } = c.req.valid("param");
      return change(c, { kind: "remove_coupon", code }, 200, null);
    },
  )
  .post(
    "/cart/vouchers",
    describeChange(
      "Pay with a gift voucher: the checkout takes what it can from its balance",
      201,
      ["voucher-refused", "cart-limit", "rate-limited"],
    ),
    valid("json", NewVoucher),
    async (c) => {
      const { code } = c.req.valid("json");
      const voucherId = await voucherIdOf(code);
      const voucher = { voucherId, mask: maskOf(code) };
      return change(c, { kind: "add_voucher", ...voucher }, 201, { voucherId });
    },
  )
  .delete(
    "/cart/vouchers/:code",
    describeChange("Take a gift voucher out", 200),
    valid("param", VoucherPath),
    async (c) => {
      const { code } = c.req.valid("param");
      const asId = VoucherId.safeParse(code);
      const voucherId = asId.success ? asId.data : await voucherIdOf(code);
      return change(c, { kind: "remove_voucher", voucherId }, 200, null);
    },
  );

/** What is typed from a card or a mail, and could be guessed. */
const NAMES_CODE = new Set<CartChange["kind"]>(["add_coupon", "add_voucher"]);
const NEEDS_CART = new Set<CartChange["kind"]>(["set", "remove_coupon", "remove_voucher"]);

type CartResponse<S extends 200 | 201> = Response & TypedResponse<CartView, S, "json">;

/**
 * Runs a change and sends the text that the cart's object made and may have kept, so that a repeat
 * is the same byte for byte. The cast tells the typed client what that text is.
 */
async function change<S extends 200 | 201>(
  c: Context<ApiEnv>,
  change: CartChange,
  status: S,
  body: unknown,
): Promise<CartResponse<S>> {
  const key = idempotencyKeyOf(c);
  const known = await ownerFromRequest(c);
  // A line's id and a code that is to go name something of a cart that exists.
  if (!known && NEEDS_CART.has(change.kind)) throw new Problem("not-found");
  const token = known ? undefined : await newToken(c, key);
  // An account's cart is made by its first line, like a guest's; it is looked for first.
  const mayMake = token !== undefined || (known?.kind === "user" && !NEEDS_CART.has(change.kind));
  const owner = known ?? (await guest(token!));

  const fingerprint = await fingerprintOf(c.req.method, c.req.path, body);
  const reply = await changeCart(c.var.io, c.env, owner, {
    change,
    create: mayMake,
    isNew: token !== undefined,
    status,
    idempotency: key === undefined ? undefined : { key, fingerprint },
    requestId: c.var.requestId,
    codeTry: NAMES_CODE.has(change.kind) ? codeTry(c, known) : undefined,
  });
  switch (reply.kind) {
    case "changed":
      return send(c, reply.answer, token) as CartResponse<S>;
    case "replay":
      c.header(REPLAYED_HEADER, "true");
      return send(c, reply.answer, token) as CartResponse<S>;
    case "refused":
      throw cartProblem(reply.error);
    case "limited":
      throw rateLimited(reply.limited);
    case "conflict":
    case "running":
      throw claimProblem(reply)!;
    default:
      return unreachable(reply);
  }
}

/** The object keeps no token, not even in its answers; a creating request and its repeat add theirs. */
function send(c: Context<ApiEnv>, { status, body, headers }: Answer, token?: string): Response {
  const made = token !== undefined && status < 300;
  if (made) c.header(CART_TOKEN_HEADER, token);
  const text = made ? `{"token":${JSON.stringify(token)},${body.slice(1)}` : body;
  return c.body(text, status as ContentfulStatusCode, headers);
}
