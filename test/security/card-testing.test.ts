import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { sha256Hex } from "../../src/shared/digest.ts";
import { openGate } from "../platform/gate/gate-world.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

// RELIABILITY §4, 68: stolen cards, tried on a shop until one is taken.

/** As `test/support/backends.setup.ts` sets it: so slow to come back that no slow machine sees it. */
const OF_ADDRESS = 20;
const TRY_BACK_MS = 500_000;
const OF_OWNER = 10;

const AT_ONCE = 10;

/** Checkouts of carts of their own, all of one SKU, each ready to be paid. */
async function readyCheckouts(sku: string, count: number): Promise<Checkout[]> {
  const ready: Checkout[] = [];
  while (ready.length < count) {
    const more = Math.min(AT_ONCE, count - ready.length);
    ready.push(...(await Promise.all(Array.from({ length: more }, () => readyCheckout(sku)))));
  }
  return ready;
}

async function readyCheckout(sku: string) {
  const body = { sku, quantity: 1 };
  const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", { body });
  const headers = { "Cart-Token": added.body.token };
  const contact = { email: `${crypto.randomUUID()}@example.com`, shippingAddress: ADDRESS };
  const validated = await call<{ checkoutId: string; quote: { id: string } }>(
    "POST",
    "/api/v2/validatecheckout",
    { body: contact, headers },
  );
  const { checkoutId, quote } = validated.body;
  return { checkoutId, quoteId: quote.id, headers };
}
type Checkout = Awaited<ReturnType<typeof readyCheckout>>;

/** Pays from an address, past the coarse pace: what is exact must hold by itself. */
function payer(address: string) {
  const RATE = { limit: async () => ({ success: true }) };
  const send = openGate({ RATE_EXPENSIVE: RATE, RATE_WRITE: RATE }).isolate();
  return async ({ checkoutId, quoteId, headers }: Checkout, card: string, key = "k") => {
    const answer = await send("/api/v2/processorder", {
      method: "POST",
      body: JSON.stringify({ checkoutId, quoteId, payment: { tokens: { stripe: card } } }),
      headers: { ...headers, "Idempotency-Key": key, "CF-Connecting-IP": address },
    });
    return { ...answer, type: (JSON.parse(answer.text) as { type?: string }).type };
  };
}

const payWithin = async (pay: ReturnType<typeof payer>, ready: readonly Checkout[], card: string) =>
  Promise.all(ready.map((checkout) => pay(checkout, card)));

/** How many of these checkouts the processor was asked to authorize, by its own books. */
async function askedOf(checkouts: readonly Checkout[]): Promise<number> {
  const answer = await fetch(`${env.STRIPE_URL}/ledger`);
  const { entries } = await answer.json<{ entries: { kind: string; checkoutId: string }[] }>();
  const ours = new Set<string>(checkouts.map(({ checkoutId }) => checkoutId));
  const isAsked = ({ kind }: { kind: string }) => kind === "authorize" || kind === "decline";
  return entries.filter((entry) => isAsked(entry) && ours.has(entry.checkoutId)).length;
}

const limiterOf = async (policy: string, subject: string) =>
  env.LIMITER.getByName(`${policy}:${await sha256Hex(`${policy}\n${subject}`)}`);

/** As if so much time had passed since. */
async function later(limiter: Awaited<ReturnType<typeof limiterOf>>, byMs: number): Promise<void> {
  type Kept = { attempts: { wrong: { fullAtMs: number } } };
  await runInDurableObject(limiter, (_object, { storage }) => {
    const state = storage.kv.get<Kept>("state")!;
    state.attempts.wrong.fullAtMs -= byMs;
    storage.kv.put("state", state);
  });
  await evictDurableObject(limiter);
}

let lastAddress = 0;
const ownAddress = () => `192.0.2.${++lastAddress}`;

describe("stolen cards", () => {
  it("68 · a hundred at once from one address: exactly the limit reach the processor, and no stock stays held", {
    timeout: 60_000,
  }, async () => {
    const sku = ownSku();
    await sell({ sku, stock: 200 });
    const [address, checkouts] = [ownAddress(), await readyCheckouts(sku, 100)];
    const pay = payer(address);
    const answers = await payWithin(pay, checkouts, "tok_declined");
    expect(await askedOf(checkouts)).toBeLessThanOrEqual(OF_ADDRESS);
    const declined = () => answers.filter(({ status }) => status === 402);
    // A busy machine's own 503 is no answer: what it came to is asked again, under the same key.
    for (let round = 0; round < 20 && declined().length < OF_ADDRESS; round += 1) {
      for (const [n, { status }] of answers.entries()) {
        if (status !== 402) answers[n] = await pay(checkouts[n]!, "tok_declined");
      }
    }
    expect(declined()).toHaveLength(OF_ADDRESS);
    expect(await askedOf(checkouts)).toBe(OF_ADDRESS);
    expect(await env.SKU_STOCK.getByName(sku).view()).toMatchObject({ onHand: 200, held: 0 });
    const waiting = checkouts.filter((_, n) => answers[n]?.status !== 402);
    const { status, headers, type } = await pay(waiting[0]!, "tok_declined");
    expect([status, type]).toEqual([429, "/problems/rate-limited"]);
    expect(Number(headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(headers.get("RateLimit")).toMatch(/^"checkout-address";r=0;t=\d+$/);
    expect(headers.get("RateLimit-Policy")).toMatch(/^"checkout-address";q=20;w=\d+$/);

    // It goes on when a try has come back, with the very key that was refused: and then it is over again.
    await later(await limiterOf("checkout-address", address), TRY_BACK_MS);
    expect((await pay(waiting[0]!, "tok_declined")).status).toBe(402);
    expect((await pay(waiting[1]!, "tok_ok")).status).toBe(429);
    // Nobody elsewhere has noticed, with the same checkout.
    expect((await payer(ownAddress())(waiting[1]!, "tok_ok")).status).toBe(201);
  });

  it("68 · of one cart are ten after its first, whatever address they come from; another cart is not asked to wait", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 50 });
    const [mine, other] = await readyCheckouts(sku, 2);
    const statuses: number[] = [];
    for (let n = 0; n < 1 + OF_OWNER + 2; n += 1) {
      statuses.push((await payer(ownAddress())(mine!, "tok_declined", `k${n}`)).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 1 + OF_OWNER }, () => 402), 429, 429]);
    expect((await payer(ownAddress())(other!, "tok_ok")).status).toBe(201);
  });

  it("68 · what is paid is taken back: an office that buys all day meets no limit of wrong cards", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 50 });
    const address = ownAddress();
    const ready = await readyCheckouts(sku, 8);
    expect((await payWithin(payer(address), ready, "tok_ok")).map(({ status }) => status)).toEqual(
      ready.map(() => 201),
    );
    const limiter = await limiterOf("checkout-address", address);
    type Kept = { attempts: { wrong: { fullAtMs: number }; open: string[] } };
    // Behind the answers.
    await vi.waitFor(async () => {
      const state = await runInDurableObject(limiter, (_object, { storage }) =>
        storage.kv.get<Kept>("state"),
      );
      expect(state?.attempts.open).toEqual([]);
      expect(state?.attempts.wrong.fullAtMs).toBeLessThanOrEqual(Date.now());
    });
  });

  it("68 · with the limiter away nothing is paid, and the same key works when it is back", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 5 });
    const [checkout] = await readyCheckouts(sku, 1);
    const address = ownAddress();
    const limiter = await limiterOf("checkout-address", address);
    // What an instance has of its own cannot be called from elsewhere.
    await runInDurableObject(limiter, (object) => {
      Object.defineProperty(object, "take", { value: () => undefined });
    });
    const pay = payer(address);
    const away = await pay(checkout!, "tok_ok");
    expect([away.status, away.type]).toEqual([503, "/problems/dependency-unavailable"]);
    expect(await askedOf([checkout!])).toBe(0);
    expect(await env.SKU_STOCK.getByName(sku).view()).toMatchObject({ onHand: 5, held: 0 });
    await evictDurableObject(limiter);
    expect((await pay(checkout!, "tok_ok")).status).toBe(201);
  });
});
