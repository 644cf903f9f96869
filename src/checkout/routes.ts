import { type Context, Hono, type TypedResponse } from "hono";
import { createMiddleware } from "hono/factory";
import { z } from "zod";
import {
  type CartOwner,
  ownerFromRequest,
  ownerName,
  ownersFromRequest,
  replaceCheckout,
} from "../cart/index.ts";
import { countedAddress } from "../platform/gate/index.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { describe } from "../platform/http/describe.ts";
import {
  idempotencyKeyOf,
  idempotent,
  REPLAYED_HEADER,
  requireIdempotencyKey,
} from "../platform/http/idempotency.ts";
import { Problem } from "../platform/http/problem.ts";
import { valid } from "../platform/http/valid.ts";
import { fingerprintOf } from "../platform/objects/answers.ts";
import { CheckoutId } from "../shared/ids.ts";
import {
  CheckoutContact,
  CheckoutView,
  PendingPayment,
  PlacedOrder,
  ProcessOrder,
  ValidatedCheckout,
} from "./model.ts";
import type { Reply } from "./replies.ts";
import { checkoutStub } from "./stub.ts";
import { validateCheckout } from "./validate-checkout.ts";

const Path = z.object({ id: CheckoutId });

/** Before a key is claimed: without an owner, keys would be shared by all who have none. */
const ownersOnly = createMiddleware<ApiEnv>(async (c, next) => {
  await requireOwners(c);
  await next();
});

export const checkoutRoutes = new Hono<ApiEnv>()
  .post(
    "/validatecheckout",
    describe({
      summary: "Quote the cart: prices, shipping, and whatever stands in the way",
      tag: "Checkout",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Cart-Token": "optional", "Idempotency-Key": "optional" },
      responses: { 200: ValidatedCheckout },
      problems: [
        "request-invalid",
        "not-found",
        "checkout-closed",
        "request-in-progress",
        "idempotency-key-reused",
        "dependency-unavailable",
      ],
    }),
    valid("json", CheckoutContact),
    async (c) => {
      const contact = c.req.valid("json");
      const owner = await requireOwner(c);
      const validated = await validateCheckout(c.var.io, c.env, owner, contact, {
        answerKey: scoped("validate", idempotencyKeyOf(c)),
        fingerprint: await fingerprintOf("POST", "/validatecheckout", contact),
        trace: c.var.requestId,
      });
      if (!validated.ok) throw new Problem("not-found", { detail: "there is no such cart" });
      return answered<TypedResponse<ValidatedCheckout, 200, "json">>(validated.value);
    },
  )
  .post(
    "/processorder",
    describe({
      summary: "Complete a checkout: hold, pay, order",
      tag: "Checkout",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Cart-Token": "optional", "Idempotency-Key": "required" },
      responses: { 201: PlacedOrder, 202: PendingPayment },
      problems: [
        "request-invalid",
        "idempotency-key-required",
        "idempotency-key-reused",
        "not-found",
        "payment-declined",
        "quote-changed",
        "insufficient-stock",
        "purchase-limit",
        "checkout-incomplete",
        "checkout-closed",
        "request-in-progress",
        "payments-unavailable",
        "rate-limited",
        "dependency-unavailable",
      ],
    }),
    valid("json", ProcessOrder),
    async (c) => {
      const { checkoutId, quoteId, payment } = c.req.valid("json");
      const answerKey = requireIdempotencyKey(c);
      const owners = await ownersFromRequest(c);
      const request = {
        answerKey: `process:${answerKey}`,
        fingerprint: await fingerprintOf("POST", "/processorder", c.req.valid("json")),
        trace: c.var.requestId,
        owners,
        quoteId,
        tokens: payment?.tokens ?? {},
        address: countedAddress(c),
      };
      const reply = await c.var.meter.nested("object", async () =>
        checkoutStub(c.env, checkoutId).complete(request),
      );
      return answered<
        TypedResponse<PlacedOrder, 201, "json"> | TypedResponse<PendingPayment, 202, "json">
      >(reply);
    },
  )
  .get(
    "/checkouts/:id",
    describe({
      summary: "Read a checkout: its status, its quote, its order",
      tag: "Checkout",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Cart-Token": "optional" },
      responses: { 200: CheckoutView },
      problems: ["request-invalid", "not-found"],
    }),
    valid("param", Path),
    async (c) => {
      const { id } = c.req.valid("param");
      const owners = await requireOwners(c);
      const view = await c.var.meter.step("object", async () =>
        checkoutStub(c.env, id).view(owners),
      );
      if (!view) throw new Problem("not-found");
      return c.json(view, 200);
    },
  )
  .post(
    "/checkouts/:id/cancel",
    describe({
      summary: "Close a checkout that is not being paid; the cart stays",
      tag: "Checkout",
      audience: "shopper",
      signedIn: "optional",
      headers: { "Cart-Token": "optional", "Idempotency-Key": "optional" },
      responses: { 200: CheckoutView },
      problems: ["request-invalid", "not-found", "checkout-closed"],
    }),
    ownersOnly,
    idempotent(async (c) => `checkout:${(await requireOwners(c)).map(ownerName).join()}`),
    valid("param", Path),
    async (c) => {
      const { id } = c.req.valid("param");
      const owners = await requireOwners(c);
      const stub = () => checkoutStub(c.env, id);
      const outcome = await c.var.meter.step("object", async () =>
        stub().cancel(owners, "canceled by the shopper"),
      );
      if (outcome === "unknown") throw new Problem("not-found");
      if (outcome === "closed") throw new Problem("checkout-closed");
      const [view] = await Promise.all([
        c.var.meter.step("object", async () => stub().view(owners)),
        ...owners.map((owner) => replaceCheckout(c.var.io, c.env, owner, id)),
      ]);
      if (!view) throw new Problem("not-found");
      return c.json(view, 200);
    },
  );

/** Keys of different requests to one checkout do not meet. */
const scoped = (request: string, key: string | undefined) =>
  key === undefined ? undefined : `${request}:${key}`;

async function requireOwner(c: Context<ApiEnv>): Promise<CartOwner> {
  const owner = await ownerFromRequest(c);
  if (!owner) throw new Problem("not-found", { detail: "send the Cart-Token, or sign in" });
  return owner;
}

async function requireOwners(c: Context<ApiEnv>): Promise<CartOwner[]> {
  const owners = await ownersFromRequest(c);
  if (owners.length === 0)
    throw new Problem("not-found", { detail: "send the Cart-Token, or sign in" });
  return owners;
}

/** The object's answer as it is, byte for byte; typed as its successes for the RPC client. */
function answered<Success extends TypedResponse>({ answer, isReplay }: Reply): Response & Success {
  const headers = { ...answer.headers, "Cache-Control": "no-store" };
  const response = new Response(answer.body, {
    status: answer.status,
    headers: isReplay ? { ...headers, [REPLAYED_HEADER]: "true" } : headers,
  });
  return response as Response & Success;
}
