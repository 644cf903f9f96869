import { describe, expect, it } from "vitest";
import { call, freshSku, onSale, stock, stocked } from "./shop.ts";

const move = (sku: string, body: unknown, headers: Record<string, string> = {}) =>
  call(`/ops/v1/inventory/${sku}/movements`, { body, headers });

describe("GET /api/v2/availability", () => {
  it("answers each SKU once, unknown ones with nothing available", async () => {
    const [known, unknown] = [await stocked(4), freshSku()];
    const query = [known, unknown, known].map((sku) => `sku=${sku}`).join("&");
    const response = await call(`/api/v2/availability?${query}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(await response.json()).toEqual({
      items: [
        { sku: known, available: 4, backorder: false },
        { sku: unknown, available: 0, backorder: false },
      ],
      asOf: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
    });
  });

  it.each([
    ["no SKU", ""],
    ["an empty SKU", "?sku="],
    ["a SKU with spaces around it", "?sku=%20A%20"],
    ["a SKU that is too long", `?sku=${"A".repeat(65)}`],
    ["51 SKUs", `?${Array.from({ length: 51 }, (_, n) => `sku=A${n}`).join("&")}`],
  ])("refuses %s", async (_, query) => {
    const response = await call(`/api/v2/availability${query}`);
    expect(response.status).toBe(422);
    const { errors } = await response.json<{ errors: { pointer: string }[] }>();
    expect(errors[0]?.pointer).toMatch(/^\/query\/sku/);
  });
});

describe("POST /ops/v1/inventory/{sku}/movements", () => {
  it("receives goods, and the shop sees them at once", async () => {
    const sku = await onSale({ onHand: 0 });
    const response = await move(sku, { delta: 6, reason: "delivery", location: "east" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      onHand: 6,
      held: 0,
      available: 6,
      ledger: [{ kind: "receive", quantity: 6, location: "east", reason: "delivery" }],
    });
    const seen = await call(`/api/v2/availability?sku=${sku}`);
    expect(await seen.json()).toMatchObject({ items: [{ available: 6 }] });
    expect(seen.headers.get("X-Round-Trips")).toBe("1");
  });

  it("moves once for one key, and answers the same bytes again", async () => {
    const sku = await onSale({ onHand: 0 });
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const body = { delta: 2, reason: "delivery" };
    const first = await move(sku, body, key);
    const again = await move(sku, body, key);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    expect(await again.text()).toBe(await first.text());
    expect((await stock(sku).view()).onHand).toBe(2);
    const other = await move(sku, { ...body, delta: 3 }, key);
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ type: "/problems/idempotency-key-reused" });
  });

  it("refuses to go below what is held, with what is available", async () => {
    const sku = await onSale({ onHand: 5 });
    await stock(sku).hold({ holdId: "a", quantity: 3, ttlMs: 60_000 });
    const response = await move(sku, { delta: -3, reason: "damaged" });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      type: "/problems/insufficient-stock",
      available: 2,
    });
  });

  it("does not know a SKU that is in no catalogue", async () => {
    const sku = freshSku();
    const response = await move(sku, { delta: 1, reason: "delivery" });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: "/problems/sku-unknown" });
    expect((await stock(sku).view()).onHand).toBe(0);
    expect((await call(`/ops/v1/inventory/${sku}`)).status).toBe(404);
  });

  it.each([
    ["/delta", { delta: 0, reason: "x" }],
    ["/delta", { delta: 1.5, reason: "x" }],
    ["/delta", { delta: "1", reason: "x" }],
    ["/delta", { delta: 2 ** 53, reason: "x" }],
    ["/delta", { reason: "x" }],
    ["/reason", { delta: 1, reason: " " }],
    ["/reason", { delta: 1 }],
    ["/location", { delta: 1, reason: "x", location: "Not A Place" }],
  ])("refuses with a pointer to %s: %j", async (pointer, body) => {
    const response = await move("ANY", body);
    expect(response.status).toBe(422);
    const { errors } = await response.json<{ errors: { pointer: string }[] }>();
    expect(errors.map((error) => error.pointer)).toContain(pointer);
  });
});

describe("PATCH /ops/v1/inventory/{sku}", () => {
  const patch = (sku: string, body: unknown) =>
    call(`/ops/v1/inventory/${sku}`, { method: "PATCH", body });

  it("splits a SKU, shows it as one, and makes it one again", async () => {
    const sku = await onSale({ onHand: 6 });
    const split = await patch(sku, { shards: 3 });
    expect([split.status, await split.json()]).toMatchObject([200, { shards: 3, available: 6 }]);
    const shown = await call(`/ops/v1/inventory/${sku}`);
    expect(await shown.json()).toMatchObject({ shards: 3, declaredShards: 3, onHand: 6 });
    const whole = await patch(sku, { shards: 1, maxPerShopper: 2 });
    expect(await whole.json()).toMatchObject({ shards: 1, maxPerShopper: 2, onHand: 6 });
  });

  it("answers a repeat of its key as the first time, and refuses the key to another change", async () => {
    const sku = await onSale({ onHand: 6 });
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const limit = (maxPerShopper: number) =>
      call(`/ops/v1/inventory/${sku}`, { method: "PATCH", body: { maxPerShopper }, headers });
    const first = await (await limit(2)).json();
    await patch(sku, { maxPerShopper: 3 });
    const again = await limit(2);
    expect([await again.json(), again.headers.get("Idempotent-Replayed")]).toEqual([first, "true"]);
    expect((await limit(4)).status).toBe(422);
    const shown = await call(`/ops/v1/inventory/${sku}`);
    expect(await shown.json()).toMatchObject({ maxPerShopper: 3 });
  });

  it("refuses to split what may be backordered, and what no catalogue has", async () => {
    const refused = await patch(await onSale({ backorder: true }), { shards: 2 });
    expect(refused.status).toBe(422);
    const errors = [{ pointer: "/shards", code: "backorder_sharded" }];
    expect(await refused.json()).toMatchObject({ errors });
    expect((await patch(freshSku(), { shards: 2 })).status).toBe(404);
  });

  it.each([
    ["/shards", { shards: 33 }],
    ["/shards", { shards: 0 }],
    ["/maxPerShopper", { maxPerShopper: 0 }],
    ["/shopperWindowDays", { maxPerShopper: 1, shopperWindowDays: 31 }],
    ["", { shopperWindowDays: 3 }],
  ])("refuses with a pointer to %s: %j", async (pointer, body) => {
    const response = await patch("ANY", body);
    expect(response.status).toBe(422);
    const { errors } = await response.json<{ errors: { pointer: string }[] }>();
    expect(errors.map((error) => error.pointer)).toContain(pointer);
  });
});
