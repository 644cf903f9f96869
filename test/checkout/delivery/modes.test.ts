import { describe, expect, it } from "vitest";
import { ops } from "../../promotions/purchase.ts";
import { ADDRESS, call, ownSku, roundTrips, sell } from "../../support/worker-shop.ts";

type Shipment = {
  id: string;
  location: { code: string } | null;
  lines: { quantity: number }[];
  shipping: { amount: number };
};
type Quote = {
  id: string;
  mode: string;
  shipments: Shipment[];
  totals: { shipping: { amount: number } };
};
type Validated = {
  checkoutId: string;
  quote: Quote;
  shippingMethods: { code: string }[];
  problems: { code: string; sku?: string; location?: string; was?: number; now?: number }[];
};
type Stock = { locations: { location: string; onHand: number; held: number }[] };
type Paid = { order: { id: string; token: string }; type: string; quote: Quote };

/** A code of its own: no other test's location serves it. */
const ownPostalCode = () => crypto.randomUUID().slice(0, 8).toUpperCase();

async function location(more: object = {}): Promise<string> {
  const code = `t-${crypto.randomUUID().slice(0, 13)}`;
  const made = await ops("PUT", `/locations/${code}`, { name: code, country: "US", ...more });
  if (made.status !== 200) throw new Error(JSON.stringify(made.body));
  return code;
}

const move = (sku: string, delta: number, at: string) =>
  ops("POST", `/inventory/${sku}/movements`, { delta, reason: "test", location: at });

async function shelvesOf(sku: string): Promise<Record<string, number>> {
  const { locations } = (await ops<Stock>("GET", `/inventory/${sku}`)).body;
  return Object.fromEntries(locations.map(({ location: at, onHand }) => [at, onHand]));
}

async function shopper(wanted: Record<string, number>, mode: object) {
  let headers: Record<string, string> = {};
  for (const [sku, quantity] of Object.entries(wanted)) {
    const body = { sku, quantity };
    const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", { body, headers });
    if (added.body.token) headers = { "Cart-Token": added.body.token };
  }
  const change = (body: object) => call("PUT", "/api/v2/cart/mode", { body, headers });
  await change(mode);
  const validate = async (postalCode = ADDRESS.postalCode) => {
    const body = { email: "ada@example.com", shippingAddress: { ...ADDRESS, postalCode } };
    return call<Validated>("POST", "/api/v2/validatecheckout", { body, headers });
  };
  const pay = ({ checkoutId, quote }: Pick<Validated, "checkoutId" | "quote">) =>
    call<Paid>("POST", "/api/v2/processorder", {
      body: { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } },
      headers: { ...headers, "Idempotency-Key": crypto.randomUUID() },
    });
  return { change, validate, pay };
}

describe("a hyperlocal purchase", () => {
  const localDelivery = { priceMinor: 250 };

  it("comes from the nearest location that has all, and takes its units from there alone", async () => {
    const [sku, postalCode] = [ownSku(), ownPostalCode()];
    await sell({ sku, stock: 5 });
    const corner = await location({ postalPrefixes: [postalCode], localDelivery });
    await move(sku, 2, corner);
    const { validate, pay } = await shopper({ [sku]: 2 }, { mode: "hyperlocal", postalCode });
    const validated = await validate(postalCode);
    expect(roundTrips(validated)).toBeLessThanOrEqual(3);
    const { quote, problems, shippingMethods } = validated.body;
    expect(problems).toEqual([]);
    expect(shippingMethods.map(({ code }) => code)).toEqual(["local_delivery"]);
    expect(quote).toMatchObject({
      mode: "hyperlocal",
      shipments: [
        { location: { code: corner }, lines: [{ quantity: 2 }], shipping: { amount: 250 } },
      ],
    });
    const paid = await pay(validated.body);
    expect(paid.status).toBe(201);
    expect(roundTrips(paid)).toBeLessThanOrEqual(5);
    expect(await shelvesOf(sku)).toEqual({ default: 5, [corner]: 0 });
  });

  it("names what is short there, and cannot be paid", async () => {
    const [sku, postalCode] = [ownSku(), ownPostalCode()];
    await sell({ sku, stock: 5 });
    const corner = await location({ postalPrefixes: [postalCode], localDelivery });
    await move(sku, 1, corner);
    const { validate, pay } = await shopper({ [sku]: 2 }, { mode: "hyperlocal", postalCode });
    const { body } = await validate(postalCode);
    expect(body.problems).toEqual([
      { code: "insufficient_stock", sku, location: corner, was: 2, now: 1 },
    ]);
    expect(await pay(body)).toMatchObject({
      status: 409,
      body: { type: "/problems/checkout-incomplete" },
    });
  });

  it("is refused with the new quote when the units left that location since", async () => {
    const [sku, postalCode] = [ownSku(), ownPostalCode()];
    await sell({ sku, stock: 0 });
    const street = await location({ postalPrefixes: [postalCode], localDelivery });
    const town = await location({ postalPrefixes: [postalCode.slice(0, 6)], localDelivery });
    await Promise.all([move(sku, 1, street), move(sku, 1, town)]);
    const { validate, pay } = await shopper({ [sku]: 1 }, { mode: "hyperlocal", postalCode });
    const { body } = await validate(postalCode);
    expect(body.quote.shipments[0]?.location?.code).toBe(street);
    await move(sku, -1, street);
    const refused = await pay(body);
    expect(refused).toMatchObject({
      status: 409,
      body: {
        type: "/problems/quote-changed",
        quote: { shipments: [{ location: { code: town } }] },
      },
    });
    const paid = await pay({ checkoutId: body.checkoutId, quote: refused.body.quote });
    expect(paid.status).toBe(201);
    expect(await shelvesOf(sku)).toEqual({ [street]: 0, [town]: 0 });
  });

  it("is refused when the location was retired, or asks another price, since", async () => {
    const [sku, postalCode] = [ownSku(), ownPostalCode()];
    await sell({ sku, stock: 0 });
    const corner = await location({ postalPrefixes: [postalCode], localDelivery });
    await move(sku, 3, corner);
    const { validate, pay } = await shopper({ [sku]: 1 }, { mode: "hyperlocal", postalCode });
    const { body } = await validate(postalCode);
    const settings = { name: corner, country: "US", postalPrefixes: [postalCode] };
    await ops("PUT", `/locations/${corner}`, { ...settings, localDelivery: { priceMinor: 300 } });
    const dearer = await pay(body);
    expect(dearer.body).toMatchObject({
      type: "/problems/quote-changed",
      quote: { totals: { shipping: { amount: 300 } } },
    });
    await ops("PUT", `/locations/${corner}`, { ...settings, localDelivery, active: false });
    const retired = await pay({ checkoutId: body.checkoutId, quote: dearer.body.quote });
    expect(retired).toMatchObject({
      status: 409,
      body: { type: "/problems/quote-changed", problems: [{ code: "location_unavailable" }, {}] },
    });
    expect(await shelvesOf(sku)).toEqual({ [corner]: 3 });
  });
});

describe("a split purchase", () => {
  it("is one order of several shipments, each with its price", async () => {
    const [first, second] = [ownSku(), ownSku()];
    await sell({ sku: first, stock: 1 }, { sku: second, stock: 0 });
    const east = await location();
    await Promise.all([move(first, 1, east), move(second, 1, east)]);
    const { validate, pay } = await shopper({ [first]: 2, [second]: 1 }, { mode: "split" });
    const { body } = await validate();
    expect(body.quote.shipments).toMatchObject([
      { id: "shp_1", location: { code: east }, lines: [{ quantity: 1 }, { quantity: 1 }] },
      { id: "shp_2", location: { code: "default" }, lines: [{ quantity: 1 }] },
    ]);
    expect(body.quote.shipments.map(({ shipping }) => shipping.amount)).toEqual([499, 499]);
    expect(body.quote.totals.shipping.amount).toBe(998);
    const paid = await pay(body);
    expect(paid.status).toBe(201);
    expect(await shelvesOf(first)).toEqual({ default: 0, [east]: 0 });
    expect(await shelvesOf(second)).toEqual({ [east]: 0 });
  });

  it("is refused with the new quote when the cart chose another mode since", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 1 });
    const { validate, pay, change } = await shopper({ [sku]: 1 }, { mode: "split" });
    const { body } = await validate();
    await change({ mode: "standard" });
    const refused = await pay(body);
    expect(refused).toMatchObject({
      status: 409,
      body: {
        type: "/problems/quote-changed",
        quote: { mode: "standard", shipments: [{ location: null }] },
      },
    });
    expect((await pay({ ...body, quote: refused.body.quote })).status).toBe(201);
  });
});
