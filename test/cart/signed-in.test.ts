import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import type { CartView } from "../../src/cart/model.ts";
import { cartStub } from "../../src/cart/stub.ts";
import type { CheckoutView, ValidatedCheckout } from "../../src/checkout/model.ts";
import { type SignedIn, signedInShopper } from "../support/signed-in.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

const CONTACT = { email: "ada@example.com", shippingAddress: ADDRESS };
type Headers = Record<string, string>;

const add = (headers: Headers, sku: string, quantity = 1) =>
  call<CartView>("POST", "/api/v2/cart/lines", { body: { sku, quantity }, headers });
const read = (headers: Headers) => call<CartView>("GET", "/api/v2/cart", { headers });
const merge = (headers: Headers, cartToken: string) =>
  call<CartView>("POST", "/api/v2/cart/merge", { body: { cartToken }, headers });
const unitsOf = ({ body }: { body: CartView }) =>
  body.lines.map((each) => [each.sku, each.quantity]);
const cartOf = ({ userId }: SignedIn) => cartStub(env, { kind: "user", userId }).view();

/** A guest with one unit of a SKU of its own. */
async function guestWith(quantity = 1) {
  const sku = ownSku();
  await sell({ sku });
  const { body } = await add({}, sku, quantity);
  return { sku, token: body.token!, headers: { "Cart-Token": body.token! } };
}
const validate = (headers: Headers) =>
  call<ValidatedCheckout>("POST", "/api/v2/validatecheckout", { body: CONTACT, headers });
const pay = (headers: Headers, { checkoutId, quote }: ValidatedCheckout, key = "pay") =>
  call<{ order: { id: string } }>("POST", "/api/v2/processorder", {
    body: { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } },
    headers: { ...headers, "Idempotency-Key": key },
  });
const view = (headers: Headers, checkoutId: string) =>
  call<CheckoutView>("GET", `/api/v2/checkouts/${checkoutId}`, { headers });

describe("the cart of a shopper who is signed in", () => {
  it("needs no token, and is the same on every device", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    const shopper = await signedInShopper();
    expect((await read(shopper.headers)).body).toMatchObject({ id: null, lines: [] });
    expect(await cartOf(shopper)).toBeUndefined();
    const added = await add(shopper.headers, sku);
    expect(added.status).toBe(201);
    expect(added.body.token).toBeUndefined();
    expect(added.headers.get("Cart-Token")).toBeNull();
    const device = await signedInShopper(shopper.userId);
    await add(device.headers, sku, 2);
    const shown = await read(shopper.headers);
    expect(unitsOf(shown)).toEqual([[sku, 3]]);
    expect(shown.headers.get("Cache-Control")).toBe("no-store");
  });

  it("makes a change once for one key, and its keys are its own", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    const [one, other] = [await signedInShopper(), await signedInShopper()];
    const keyed = ({ headers }: SignedIn) => ({ ...headers, "Idempotency-Key": "same" });
    const first = await add(keyed(one), sku);
    const repeat = await add(keyed(one), sku);
    expect(repeat.body).toEqual(first.body);
    expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
    const theirs = await add(keyed(other), sku);
    expect(theirs.headers.get("Idempotent-Replayed")).toBeNull();
    expect(theirs.body.id).not.toBe(first.body.id);
  });

  it("is the account's, whatever token is still sent, and the token's cart stays as it is", async ({
    expect,
  }) => {
    const guest = await guestWith(2);
    const shopper = await signedInShopper();
    const both = { ...shopper.headers, ...guest.headers };
    expect((await read(both)).body.lines).toEqual([]);
    await add(both, guest.sku, 1);
    expect(unitsOf(await read(shopper.headers))).toEqual([[guest.sku, 1]]);
    expect(unitsOf(await read(guest.headers))).toEqual([[guest.sku, 2]]);
    const line = `/api/v2/cart/lines/${(await read(guest.headers)).body.lines[0]!.id}`;
    expect((await call("DELETE", line, { headers: shopper.headers })).status).toBe(404);
  });

  it("takes a guest's cart in, once", async ({ expect }) => {
    const guest = await guestWith(2);
    const shopper = await signedInShopper();
    await add(shopper.headers, guest.sku, 1);
    const merged = await merge(shopper.headers, guest.token);
    expect(merged.status).toBe(200);
    expect(unitsOf(merged)).toEqual([[guest.sku, 3]]);
    expect(unitsOf(await merge(shopper.headers, guest.token))).toEqual([[guest.sku, 3]]);
    expect((await read(guest.headers)).status).toBe(404);
    expect((await add(guest.headers, guest.sku)).status).toBe(404);
  });

  it("is bought without a token, and the order is the account's", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    const [shopper, stranger] = [await signedInShopper(), await signedInShopper()];
    await add(shopper.headers, sku, 2);
    const quoted = await validate(shopper.headers);
    expect(quoted.status).toBe(200);
    const { checkoutId } = quoted.body;
    for (const headers of [stranger.headers, {}]) {
      expect((await view(headers, checkoutId)).status).toBe(404);
      expect((await pay(headers, quoted.body)).status).toBe(404);
    }
    const placed = await pay(shopper.headers, quoted.body);
    expect(placed.status).toBe(201);
    expect((await view(shopper.headers, checkoutId)).body.status).toBe("completed");
    const path = `/api/v2/order/${placed.body.order.id}`;
    expect((await call("GET", path, { headers: shopper.headers })).status).toBe(200);
    expect((await call("GET", path, { headers: stranger.headers })).status).toBe(404);
  });

  it("closes its checkout without a token", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    const shopper = await signedInShopper();
    await add(shopper.headers, sku);
    const { checkoutId } = (await validate(shopper.headers)).body;
    const path = `/api/v2/checkouts/${checkoutId}/cancel`;
    const stranger = await signedInShopper();
    expect((await call("POST", path, { headers: stranger.headers })).status).toBe(404);
    const cancelled = await call("POST", path, { headers: shopper.headers });
    expect(cancelled.body).toMatchObject({ status: "canceled" });
    expect((await validate(shopper.headers)).body.checkoutId).not.toBe(checkoutId);
  });
});

describe("a checkout that was begun before signing in", () => {
  it("charges nothing once its cart was merged, and the next one is the account's alone", async ({
    expect,
  }) => {
    const guest = await guestWith(1);
    const begun = (await validate(guest.headers)).body;
    const shopper = await signedInShopper();
    await merge(shopper.headers, guest.token);
    const refused = await pay(guest.headers, begun);
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { type: "/problems/quote-changed" },
    ]);
    const own = (await validate(shopper.headers)).body;
    expect(own.checkoutId).not.toBe(begun.checkoutId);
    // Whoever planted the guest's token in this browser sees nothing of what comes after.
    expect((await view(guest.headers, own.checkoutId)).status).toBe(404);
    expect((await pay(guest.headers, own)).status).toBe(404);
    expect((await pay(shopper.headers, own, "own")).status).toBe(201);
  });

  it("is still shown to who holds its token and is signed in by now", async ({ expect }) => {
    const guest = await guestWith(1);
    const begun = (await validate(guest.headers)).body;
    const { order } = (await pay(guest.headers, begun)).body;
    const shopper = await signedInShopper();
    const both = { ...shopper.headers, ...guest.headers };
    expect((await view(both, begun.checkoutId)).body.order?.id).toBe(order.id);
    expect((await view(shopper.headers, begun.checkoutId)).status).toBe(404);
  });
});

describe("security", () => {
  it("31 · a merge that names another's cart is refused and changes neither", async ({
    expect,
  }) => {
    const sku = ownSku();
    await sell({ sku });
    const [victim, thief] = [await signedInShopper(), await signedInShopper()];
    const { body: theirs } = await add(victim.headers, sku, 2);
    const guest = await guestWith(1);
    await merge(victim.headers, guest.token);
    const named = [theirs.id!, victim.userId, `user:${victim.userId}`, guest.token, "x".repeat(43)];
    const refusals = await Promise.all(named.map((token) => merge(thief.headers, token)));
    const bodies = refusals.map(({ status, body }) =>
      JSON.stringify([status, { ...body, requestId: "" }]),
    );
    expect(refusals[0]?.status).toBe(404);
    expect(new Set(bodies).size).toBe(1);
    expect(unitsOf(await read(victim.headers))).toEqual([
      [sku, 2],
      [guest.sku, 1],
    ]);
    expect(await cartOf(thief)).toBeUndefined();
    expect((await merge({}, guest.token)).status).toBe(401);
  });
});
