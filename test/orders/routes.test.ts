import { env, exports } from "cloudflare:workers";
import { describe, it } from "vitest";
import { eventIdFor, orderToken } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { appendEvents } from "../../src/orders/store.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { captured, newOrderId, returnRequested } from "./placed-order.ts";
import { ioAt, orderNow, placed } from "./world.ts";

type Init = { token?: string; key?: string; method?: string; body?: unknown };

function call(path: string, { token, key, method, body }: Init = {}): Promise<Response> {
  const headers = new Headers();
  if (token !== undefined) headers.set("Order-Token", token);
  if (key !== undefined) headers.set("Idempotency-Key", key);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const init = {
    headers,
    method: method ?? "GET",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return exports.default.fetch(new Request(`http://shop.test${path}`, init));
}

const tokenOf = (orderId: OrderId) => orderToken(String(env.TOKEN_SECRET), orderId);
const newKey = () => crypto.randomUUID();

async function guestOrder(options: Parameters<typeof placed>[0] = {}) {
  const { orderId, body } = await placed(options);
  const token = await tokenOf(orderId);
  const path = `/api/v2/order/${orderId}`;
  const pay = () =>
    recordFact(ioAt(), { orderId, actor: "test", fact: captured(body.totals.total.amount) });
  return { orderId, body, token, path, pay };
}

describe("GET /api/v2/order/{id}", () => {
  it("shows a guest their order in one round trip", async ({ expect }) => {
    const { orderId, body, token, path } = await guestOrder();
    const response = await call(path, { token });
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Round-Trips")).toBe("1");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const order = await response.json<Record<string, unknown>>();
    expect(order).toMatchObject({
      id: orderId,
      number: body.number,
      status: "placed",
      totals: { total: { amount: 2500, currency: "USD" } },
      payment: { status: "authorized", processor: "stripe", captured: { amount: 0 } },
      version: 1,
    });
    expect(JSON.stringify(order)).not.toMatch(/secret-cart-token|chk_|pi_/);
  });

  it("shows the order as it was at a moment, in any zone, and not before it was", async ({
    expect,
  }) => {
    const occurredAtMs = Date.UTC(2026, 0, 2, 12);
    const { token, path, pay } = await guestOrder({ occurredAtMs });
    await pay();
    const at = (moment: string) => call(`${path}?at=${encodeURIComponent(moment)}`, { token });
    expect(await (await at("2026-01-02T12:00:00Z")).json()).toMatchObject({ status: "placed" });
    expect(await (await at("2026-01-02T14:00:00.000+02:00")).json()).toMatchObject({ version: 1 });
    expect((await at("2026-01-02T11:59:59.999Z")).status).toBe(404);
    expect(await (await call(path, { token })).json()).toMatchObject({
      status: "paid",
      version: 2,
    });
  });

  it.for(["yesterday", "2026-01-02", "2026-13-40T00:00:00Z", "", "1767355200000"])(
    "refuses %j as a moment",
    async (moment, { expect }) => {
      const { token, path } = await guestOrder();
      const response = await call(`${path}?at=${encodeURIComponent(moment)}`, { token });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ errors: [{ pointer: "/query/at" }] });
    },
  );
});

describe("access to an order", () => {
  it("is one answer for a missing, a wrong and another order's token, and for unknown ids", async ({
    expect,
  }) => {
    const { token, path } = await guestOrder();
    const stranger = newOrderId();
    const refused = await Promise.all([
      call(path),
      call(path, { token: "x" }),
      call(path, { token: `${token}x` }),
      call(path, { token: await tokenOf(stranger) }),
      call(`/api/v2/order/${stranger}`, { token }),
      call(`/api/v2/order/${stranger}`, { token: await tokenOf(stranger) }),
      call("/api/v2/order/ord_", { token }),
      call("/api/v2/order/'%20OR%201=1", { token }),
      call(`${path}/events`),
      call(`${path}/cancel`, { method: "POST", key: newKey() }),
      call(`${path}/returns`, { method: "POST", key: newKey(), body: { lines: [] } }),
    ]);
    const bodies = await Promise.all(
      refused.map(async (response) => {
        const { requestId: _, ...rest } = await response.json<Record<string, unknown>>();
        return JSON.stringify([response.status, rest]);
      }),
    );
    expect(new Set(bodies)).toEqual(new Set([bodies[0]]));
    expect(refused[0]?.status).toBe(404);
  });

  it("asks a shopper who wants their list to sign in", async ({ expect }) => {
    const response = await call("/api/v2/order");
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  });
});

describe("GET /api/v2/order/{id}/events", () => {
  it("pages through what happened, oldest first", async ({ expect }) => {
    const { orderId, token, path, pay } = await guestOrder({ quantities: [9] });
    await pay();
    await appendEvents(
      ioAt().sql,
      [3, 4, 5].map((sequence) => ({
        ...returnRequested("lin_1", 1, `ret_${sequence}`),
        orderId,
        sequence,
        eventId: eventIdFor(orderId, sequence),
        actor: { kind: "staff", id: "key_of_someone" },
        occurredAtMs: Date.now(),
        trace: "req_test",
      })),
      { status: "paid", nowMs: Date.now() },
    );
    type Page = { items: { sequence: number; actor: unknown }[]; nextCursor: string | null };
    const pages: Page[] = [];
    for (let cursor: string | null = ""; cursor !== null && pages.length < 9; ) {
      const query: string = cursor ? `?limit=2&cursor=${cursor}` : "?limit=2";
      const page: Page = await (await call(`${path}/events${query}`, { token })).json<Page>();
      pages.push(page);
      cursor = page.nextCursor;
    }
    expect(pages.map(({ items }) => items.map(({ sequence }) => sequence))).toEqual([
      [1, 2],
      [3, 4],
      [5],
    ]);
    expect(pages[1]?.items[0]?.actor).toEqual({ kind: "staff" });
    expect(JSON.stringify(pages)).not.toMatch(/secret-cart-token|key_of_someone|chk_/);
  });

  it("refuses a cursor or a limit that is none", async ({ expect }) => {
    const { token, path } = await guestOrder();
    for (const query of ["cursor=nonsense", "limit=0", "limit=1000", "limit=x"]) {
      expect((await call(`${path}/events?${query}`, { token })).status, query).toBe(422);
    }
  });
});

describe("POST /api/v2/order/{id}/cancel", () => {
  it("cancels once, and repeats its answer byte for byte", async ({ expect }) => {
    const { orderId, token, path } = await guestOrder();
    const cancel = (key: string, body: unknown = { reason: "too late" }) =>
      call(`${path}/cancel`, { method: "POST", token, key, body });
    const key = newKey();
    const first = await cancel(key);
    const text = await first.text();
    expect(first.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ status: "cancelled", version: 2 });

    const repeat = await cancel(key);
    expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
    expect(await repeat.text()).toBe(text);
    expect((await cancel(key, { reason: "other" })).status).toBe(422);

    const another = await cancel(newKey());
    expect(another.status).toBe(409);
    expect(await another.json()).toMatchObject({
      type: "/problems/order-conflict",
      orderStatus: "cancelled",
    });
    expect(await orderNow(orderId)).toMatchObject({
      version: 2,
      cancellation: { reason: "too late" },
    });
  });

  it("needs a key, takes no body, and refuses a status", async ({ expect }) => {
    const { token, path } = await guestOrder();
    const post = { method: "POST", token };
    expect((await call(`${path}/cancel`, post)).status).toBe(400);
    const forged = await call(`${path}/cancel`, {
      ...post,
      key: newKey(),
      body: { status: "paid" },
    });
    expect(forged.status).toBe(422);
    const long = { reason: "x".repeat(201) };
    expect((await call(`${path}/cancel`, { ...post, key: newKey(), body: long })).status).toBe(422);
    expect((await call(`${path}/cancel`, { ...post, key: newKey() })).status).toBe(200);
  });

  it("does not replay an answer to someone who knows the key but not the token", async ({
    expect,
  }) => {
    const { token, path } = await guestOrder();
    const key = newKey();
    await call(`${path}/cancel`, { method: "POST", token, key });
    expect((await call(`${path}/cancel`, { method: "POST", token: "guess", key })).status).toBe(
      404,
    );
  });
});

describe("POST /api/v2/order/{id}/returns", () => {
  it("takes a return of what was bought and answers that it is requested", async ({ expect }) => {
    const { token, path, pay } = await guestOrder();
    const ask = (body: unknown) =>
      call(`${path}/returns`, { method: "POST", token, key: newKey(), body });
    const lines = [{ lineId: "lin_1", quantity: 1 }];
    expect((await ask({ lines })).status).toBe(409);
    await pay();
    const asked = await ask({ lines, reason: "too small" });
    expect(asked.status).toBe(201);
    expect(await asked.json()).toMatchObject({ status: "requested", lines });

    const tooMany = await ask({ lines: [{ lineId: "lin_1", quantity: 2 }] });
    expect(tooMany.status).toBe(409);
    expect(await tooMany.json()).toMatchObject({ code: "quantity_exceeded", left: 1 });
    expect((await ask({ lines: [{ lineId: "lin_9", quantity: 1 }] })).status).toBe(422);
    for (const quantity of [0, -1, 1.5, "1", true, 2 ** 53, null]) {
      expect((await ask({ lines: [{ lineId: "lin_1", quantity }] })).status).toBe(422);
    }
    expect((await ask({ lines: [] })).status).toBe(422);
  });
});

describe("version 1", () => {
  it("answers the same order", async ({ expect }) => {
    const { orderId, token, path } = await guestOrder();
    const [v1, v2] = await Promise.all([
      call(`/api/v1/orders/${orderId}`, { token }),
      call(path, { token }),
    ]);
    expect(await v1.json()).toEqual(await v2.json());
    expect((await call(`/api/v1/orders/${orderId}`)).status).toBe(404);
  });
});
