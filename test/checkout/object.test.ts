import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

type Validated = {
  checkoutId: string;
  status: string;
  quote: { id: string; totals: { total: { amount: number } } };
  problems: { code: string; sku?: string; was?: unknown; now?: unknown }[];
};
type Paid = { order: { id: string }; type: string; status: string; quote: { id: string } | null };
const CONTACT = { email: "ada@example.com", shippingAddress: ADDRESS };

/** A cart with one line of a SKU of its own, and its first quote. */
async function quoted(options: { stock?: number; quantity?: number } = {}) {
  const { stock = 10, quantity = 1 } = options;
  const sku = ownSku();
  await sell({ sku, stock });
  const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", {
    body: { sku, quantity },
  });
  const headers = { "Cart-Token": added.body.token };
  const validate = (more: { body?: object; key?: string } = {}) =>
    call<Validated>("POST", "/api/v2/validatecheckout", {
      body: { ...CONTACT, ...more.body },
      headers: { ...headers, ...(more.key ? { "Idempotency-Key": more.key } : {}) },
    });
  const { checkoutId, quote } = (await validate()).body;
  const pay = (
    key: string,
    { quoteId = quote.id, token = "tok_ok" }: { quoteId?: string; token?: string } = {},
  ) =>
    call<Paid>("POST", "/api/v2/processorder", {
      body: { checkoutId, quoteId, payment: { tokens: { stripe: token } } },
      headers: { ...headers, "Idempotency-Key": key },
    });
  const view = () =>
    call<{ status: string; reason: string | null }>("GET", `/api/v2/checkouts/${checkoutId}`, {
      headers,
    });
  const object = env.CHECKOUT.getByName(checkoutId);
  return { sku, headers, validate, pay, view, checkoutId, quote, object };
}

const stockOf = (sku: string) => env.SKU_STOCK.getByName(sku).view();
const setPrice = (sku: string, amount: number) =>
  call("PATCH", `/ops/v1/variants/${sku}`, { body: { price: { amount, currency: "USD" } } });

describe("validate", () => {
  it("keeps one checkout per cart, and says what changed since the last quote", async ({
    expect,
  }) => {
    const { sku, validate, checkoutId } = await quoted();
    await setPrice(sku, 2_500);
    const again = (await validate()).body;
    expect(again.checkoutId).toBe(checkoutId);
    expect(again.status).toBe("ready_for_complete");
    expect(again.problems).toEqual([
      {
        code: "price_changed",
        sku,
        was: { amount: 1_999, currency: "USD" },
        now: { amount: 2_500, currency: "USD" },
      },
    ]);
  });

  it("names what stands in the way, and completing says so too", async ({ expect }) => {
    const { sku, validate, pay } = await quoted({ quantity: 5 });
    await call("POST", `/ops/v1/inventory/${sku}/movements`, {
      body: { delta: -7, reason: "broken" },
    });
    const short = (await validate()).body;
    expect(short.status).toBe("incomplete");
    expect(short.problems).toEqual([{ code: "insufficient_stock", sku, was: 5, now: 3 }]);
    const refused = await pay("k", { quoteId: short.quote.id });
    expect([refused.status, refused.body.type]).toEqual([409, "/problems/checkout-incomplete"]);
  });

  it("refuses a shipping method that is not offered there", async ({ expect }) => {
    const { validate } = await quoted();
    const { body } = await validate({ body: { shippingMethod: "by-drone" } });
    expect(body.problems).toEqual([{ code: "shipping_unavailable" }]);
  });

  it("replays its answer for a key, and refuses the key for another body", async ({ expect }) => {
    const { validate } = await quoted();
    const first = await validate({ key: "v1" });
    const again = await validate({ key: "v1" });
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    const other = await validate({ key: "v1", body: { email: "other@example.com" } });
    expect(other.status).toBe(422);
  });
});

describe("complete", () => {
  it("makes one order of many requests with one key, and refuses every other key", async ({
    expect,
  }) => {
    const { sku, pay } = await quoted();
    const same = await Promise.all(Array.from({ length: 10 }, () => pay("same")));
    expect(new Set(same.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(same.map(({ body }) => body.order.id)).size).toBe(1);
    const other = await pay("other");
    expect([other.status, other.body.type]).toEqual([409, "/problems/checkout-closed"]);
    expect(await stockOf(sku)).toMatchObject({ onHand: 9, held: 0 });
  });

  it("lets one of two racing keys win, and the other never pays", async ({ expect }) => {
    const { sku, pay } = await quoted();
    const raced = await Promise.all([pay("a"), pay("b")]);
    expect(raced.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect(await stockOf(sku)).toMatchObject({ onHand: 9, held: 0 });
  });

  it("answers the same after an eviction", async ({ expect }) => {
    const { pay, object } = await quoted();
    const first = await pay("k");
    await evictDurableObject(object);
    const again = await pay("k");
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
  });

  it("answers a repeat that comes long after a crash with the order of its own attempt", async ({
    expect,
  }) => {
    const { sku, pay, object } = await quoted();
    const first = await pay("k0");
    expect(first.status).toBe(201);
    await vi.waitFor(async () => expect((await object.journal()).at(-1)?.step).toBe("done"));
    // As after a crash while the stock was being sold: no answer was kept, its claim has lapsed, and
    // the alarm is late.
    await runInDurableObject(object, async (_object, { storage }) => {
      await storage.deleteAlarm();
      const [row] = storage.sql.exec<{ attempt: string }>("SELECT attempt FROM checkout").toArray();
      const open = { ...JSON.parse(row!.attempt), step: "committing" };
      storage.sql.exec("UPDATE checkout SET attempt = ?", JSON.stringify(open));
      storage.sql.exec(
        "UPDATE answer SET status = NULL, body = NULL, headers = NULL, claimed_at_ms = ?",
        Date.now() - 60_000,
      );
    });
    await evictDurableObject(object);
    const again = await pay("k0");
    expect(again.status).toBe(201);
    expect(again.body.order.id).toBe(first.body.order.id);
    expect((await pay("k0")).body).toEqual(again.body);
    expect(await stockOf(sku)).toMatchObject({ onHand: 9, held: 0 });
  });

  it("36 · never charges a price that the shopper has not seen", async ({ expect }) => {
    const { sku, pay, quote } = await quoted();
    await setPrice(sku, 9_999);
    const changed = await pay("k");
    expect([changed.status, changed.body.type]).toEqual([409, "/problems/quote-changed"]);
    expect(changed.body.quote?.id).not.toBe(quote.id);
    expect(await stockOf(sku)).toMatchObject({ onHand: 10, held: 0 });
    expect((await pay("k")).headers.get("Idempotent-Replayed")).toBe("true");
    const agreed = await pay("k2", { quoteId: changed.body.quote!.id });
    expect(agreed.status).toBe(201);
  });

  it("44 · refuses a cart that changed after its quote", async ({ expect }) => {
    const { sku, headers, pay } = await quoted();
    await call("POST", "/api/v2/cart/lines", { body: { sku, quantity: 1 }, headers });
    expect((await pay("k")).body.type).toBe("/problems/quote-changed");
  });

  it("refuses an old quote, an expired one, and one of another checkout", async ({ expect }) => {
    const { validate, pay, quote, object } = await quoted();
    const other = await quoted();
    const newer = (await validate()).body.quote;
    for (const quoteId of [quote.id, other.quote.id]) {
      expect((await pay(quoteId, { quoteId })).body.type).toBe("/problems/quote-changed");
    }
    await runInDurableObject(object, (_object, { storage }) =>
      storage.sql.exec(
        `UPDATE quote SET body = json_set(body, '$.expiresAt', '2020-01-01T00:00:00.000Z')`,
      ),
    );
    const expired = await pay("late", { quoteId: newer.id });
    expect([expired.status, expired.body.type]).toEqual([409, "/problems/quote-changed"]);
  });

  it("keeps the cart and frees the stock when the card is declined", async ({ expect }) => {
    const { sku, headers, pay, view } = await quoted();
    const declined = await pay("k", { token: "tok_declined" });
    expect([declined.status, declined.body.type]).toEqual([402, "/problems/payment-declined"]);
    expect(await stockOf(sku)).toMatchObject({ onHand: 10, held: 0 });
    expect((await view()).body.status).toBe("ready_for_complete");
    const cart = await call<{ lines: unknown[] }>("GET", "/api/v2/cart", { headers });
    expect(cart.body.lines).toHaveLength(1);
  });

  it.each([
    ["an order", "tok_ok"],
    ["a refusal", "tok_declined"],
  ])("has nothing to wake up for after %s but to be forgotten", async (_, token) => {
    const { pay, object } = await quoted();
    await pay("k", { token });
    const daysToAlarm = () =>
      runInDurableObject(object, async (_object, { storage }) => {
        const atMs = (await storage.getAlarm()) ?? 0;
        return (atMs - Date.now()) / 86_400_000;
      });
    await vi.waitFor(async () => expect(await daysToAlarm()).toBeGreaterThan(29));
    expect(await daysToAlarm()).toBeLessThan(31);
  });

  it("ends by its alarm, with the processor's own word, what a crash left open", async ({
    expect,
  }) => {
    const { sku, pay, view, object } = await quoted();
    // As after a crash: the request for a payment left, and nothing is known of it.
    const declined = await pay("k0", { token: "tok_declined" });
    expect(declined.status).toBe(402);
    await runInDurableObject(object, (_object, { storage }) => {
      const [row] = storage.sql.exec<{ attempt: string }>("SELECT attempt FROM checkout").toArray();
      const attempt = JSON.parse(row!.attempt);
      const payment = { processor: "stripe", state: "sent", sentAtMs: 0, paymentId: null };
      const open = { ...attempt, step: "asking", payment, refusal: null };
      storage.sql.exec("UPDATE checkout SET attempt = ?", JSON.stringify(open));
    });
    await evictDurableObject(object);
    expect((await view()).body.status).toBe("payment_pending");
    await runInDurableObject(object, (_object, { storage }) => storage.setAlarm(Date.now()));
    await runDurableObjectAlarm(object);
    const ended = (await view()).body;
    expect(ended.status).toBe("ready_for_complete");
    expect(ended.reason).toContain("payment_declined");
    expect(await stockOf(sku)).toMatchObject({ onHand: 10, held: 0 });
  });
});

describe("who may see and close a checkout", () => {
  it("hides it from everybody without the cart's token", async ({ expect }) => {
    const { checkoutId, pay } = await quoted();
    const stranger = await quoted();
    const { headers } = stranger;
    const path = `/api/v2/checkouts/${checkoutId}`;
    expect((await call("GET", path)).status).toBe(404);
    expect((await call("GET", path, { headers })).status).toBe(404);
    expect((await call("POST", `${path}/cancel`, { headers })).status).toBe(404);
    expect((await stranger.pay("k", { quoteId: "quo_x" })).status).toBe(409);
    expect((await pay("k")).status).toBe(201);
  });

  it("closes on request, keeps the cart, and gives the next purchase a new checkout", async ({
    expect,
  }) => {
    const { checkoutId, headers, pay, validate } = await quoted();
    const cancel = () => call("POST", `/api/v2/checkouts/${checkoutId}/cancel`, { headers });
    expect((await cancel()).body).toMatchObject({ status: "canceled" });
    expect((await cancel()).status).toBe(200);
    expect((await pay("k")).body.type).toBe("/problems/checkout-closed");
    const next = (await validate()).body;
    expect(next.checkoutId).not.toBe(checkoutId);
  });

  it("cannot close what is bought", async ({ expect }) => {
    const { checkoutId, headers, pay } = await quoted();
    await pay("k");
    const late = await call("POST", `/api/v2/checkouts/${checkoutId}/cancel`, { headers });
    expect(late.status).toBe(409);
  });

  it("stores nothing for an id that somebody made up", async ({ expect }) => {
    const object = env.CHECKOUT.getByName(`chk_${crypto.randomUUID().replaceAll("-", "")}`);
    expect(await object.view([{ kind: "guest", tokenHash: "x" }])).toBeUndefined();
    const tables = await runInDurableObject(object, (_object, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'checkout'").toArray(),
    );
    expect(tables).toEqual([]);
  });
});
