import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { CartChange, CartOwner, SkuFacts } from "../../src/cart/model.ts";
import type { ChangeRequest } from "../../src/cart/object.ts";
import { cartStub } from "../../src/cart/stub.ts";
import { NO_OFFERS } from "../../src/promotions/index.ts";
import { ProductId, randomSuffix, Sku, VariantId } from "../../src/shared/ids.ts";

export const [A, B] = [Sku.parse("A"), Sku.parse("B")];

/** A shopper of its own for each test. */
export const guest = (): CartOwner => ({ kind: "guest", tokenHash: randomSuffix() });
export const signedIn = (): CartOwner => ({ kind: "user", userId: randomSuffix() });

export const fact = (sku: Sku): SkuFacts => ({
  sku,
  variant: {
    variantId: VariantId.parse("var_1"),
    productId: ProductId.parse("prd_1"),
    categoryIds: [],
    productHandle: "tent",
    title: "Tent",
    priceMinor: 100,
    currency: "USD",
    published: true,
  },
  available: 50,
  backorder: false,
});

/** A change as the use case hands it to the object, with every fact that it may need. */
export const changing = (change: CartChange, more: Partial<ChangeRequest> = {}): ChangeRequest => ({
  change,
  facts: [fact(A), fact(B)],
  offers: NO_OFFERS,
  create: true,
  currency: "USD",
  status: 201,
  idempotency: undefined,
  requestId: "req_test",
  ...more,
});
export const adding = (sku: Sku, quantity: number, more: Partial<ChangeRequest> = {}) =>
  changing({ kind: "add", sku, quantity }, more);

/** Makes the last use of a cart seem longer ago. */
export const touchedAgo = (owner: CartOwner, idleMs: number) =>
  runInDurableObject(cartStub(env, owner), (_, state) => {
    state.storage.sql.exec("UPDATE cart SET touched_at_ms = ?", Date.now() - idleMs);
  });

export const alarmAtMs = (owner: CartOwner) =>
  runInDurableObject(cartStub(env, owner), (_, state) => state.storage.getAlarm());
