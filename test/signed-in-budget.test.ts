import { describe, expect, it, onTestFinished, vi } from "vitest";
import { EDGE_MAX_AGE_MS } from "../src/platform/edge/facts.ts";
import { openGate } from "./platform/gate/gate-world.ts";
import { buffered } from "./promotions/purchase.ts";
import { signedInShopper } from "./support/signed-in.ts";
import { ADDRESS, ownSku, sell } from "./support/worker-shop.ts";

// DESIGN §13: being signed in costs no network step. Compared with what an anonymous shopper's request
// takes in an isolate that knows as much, request by request.

type Headers = Record<string, string>;
type Isolate = ReturnType<ReturnType<typeof openGate>["isolate"]>;

/** What every shopper's browser says: before a write, an isolate asks whether they are blocked. */
const visitor = (): Headers => ({
  "CF-Connecting-IP": `2001:db8:${crypto.randomUUID().slice(0, 4)}::1`,
  "User-Agent": "Mozilla/5.0 (a shopper)",
});

/** Stops the clock, so that how much an isolate knows is the test's to say and not the machine's. */
function stopClock() {
  let nowMs = Date.now();
  const clock = vi.spyOn(Date, "now").mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
  return { pass: (ms: number) => (nowMs += ms) };
}

const KNOWING = {
  "has just heard from the feed": { isNew: false, quietMs: 0 },
  "had nothing to do for a second": { isNew: false, quietMs: EDGE_MAX_AGE_MS },
  "is new": { isNew: true, quietMs: 0 },
} as const;

/** The steps of each request of a purchase, each in an isolate of its own that knows as much as is said. */
async function purchase(
  { isNew, quietMs }: (typeof KNOWING)[keyof typeof KNOWING],
  { sku, own }: { sku: string; own: Headers },
): Promise<Record<string, number>> {
  const clock = stopClock();
  const gate = openGate({ LIMITS: "{}" });
  const steps: Record<string, number> = {};
  const who = { ...visitor(), ...own };
  const ask = async (name: string, path: string, body?: unknown, headers: Headers = {}) => {
    const isolate: Isolate = gate.isolate();
    if (!isNew) await isolate("/api/v2/cart", { headers: visitor() });
    clock.pass(quietMs);
    const answered = await isolate(path, {
      headers: { ...who, ...headers },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!answered.response.ok) throw new Error(`${name}: ${answered.status} ${answered.text}`);
    steps[name] = Number(answered.headers.get("X-Round-Trips"));
    return JSON.parse(answered.text);
  };
  // The first token tells a feed that is new what was revoked; that is once in a feed's life.
  if (own.Authorization) await gate.isolate()("/api/v2/cart", { headers: who });
  await ask("product page", `/api/v2/products/${sku.toLowerCase()}`);
  await ask("availability", `/api/v2/availability?sku=${sku}`);
  const { token } = await ask("first line", "/api/v2/cart/lines", { sku, quantity: 1 });
  const cart: Headers = own.Authorization ? {} : { "Cart-Token": token };
  await ask("cart", "/api/v2/cart", undefined, cart);
  await ask("second line", "/api/v2/cart/lines", { sku, quantity: 1 }, cart);
  const where = { email: "ada@example.com", shippingAddress: ADDRESS };
  const { checkoutId, quote } = await ask("validate", "/api/v2/validatecheckout", where, cart);
  const pay = { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } };
  const key = { ...cart, "Idempotency-Key": crypto.randomUUID() };
  const { order } = await ask("pay", "/api/v2/processorder", pay, key);
  const open: Headers = own.Authorization ? {} : { "Order-Token": order.token };
  await ask("order", `/api/v2/order/${order.id}`, undefined, open);
  if (!own.Authorization) return steps;
  // The row that puts it on the list follows its events; an empty list takes a step less.
  await vi.waitFor(
    async () => {
      const { items } = await ask("list of orders", "/api/v2/order");
      expect(items).toHaveLength(1);
    },
    { timeout: 10_000 },
  );
  return steps;
}

describe("a shopper who is signed in", () => {
  it.for(Object.entries(KNOWING))(
    "takes no step more in an isolate that %s",
    async ([, knowing]) => {
      const sku = ownSku();
      await sell({ sku });
      await buffered(sku);
      const { headers } = await signedInShopper();
      const anonymous = await purchase(knowing, { sku, own: {} });
      vi.restoreAllMocks();
      const signedIn = await purchase(knowing, { sku, own: headers });
      expect(signedIn).toEqual({ ...anonymous, "list of orders": 2 });
      expect(Object.keys(anonymous)).toHaveLength(8);
    },
  );

  it("merges a guest's cart in three steps", async () => {
    const sku = ownSku();
    await sell({ sku });
    await buffered(sku);
    stopClock();
    const isolate = openGate().isolate();
    const { headers } = await signedInShopper();
    const who = { ...visitor(), ...headers };
    await isolate("/api/v2/cart", { headers: who });
    const lines = { method: "POST", body: JSON.stringify({ sku, quantity: 1 }) };
    const guest = await isolate("/api/v2/cart/lines", { headers: visitor(), ...lines });
    await isolate("/api/v2/cart/lines", { headers: who, ...lines });
    const { token: cartToken } = JSON.parse(guest.text);
    const body = JSON.stringify({ cartToken });
    const merged = await isolate("/api/v2/cart/merge", { method: "POST", headers: who, body });
    expect([merged.status, merged.headers.get("X-Round-Trips")]).toEqual([200, "3"]);
  });
});
