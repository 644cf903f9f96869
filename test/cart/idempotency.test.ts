import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { variants } from "../../src/catalog/schema.ts";
import { call, testIo } from "../inventory/shop.ts";
import { LINES, newCart, published, withToken } from "./carts.ts";

describe("Idempotency-Key on a change", () => {
  const key = () => ({ "Idempotency-Key": crypto.randomUUID(), "CF-Connecting-IP": "192.0.2.1" });

  it("makes one cart for a repeated first change, and answers the same bytes", async () => {
    const sku = await published();
    const headers = key();
    const body = { sku, quantity: 2 };
    const all = await Promise.all(Array.from({ length: 5 }, () => call(LINES, { headers, body })));
    const texts = await Promise.all(all.map((response) => response.text()));
    expect(new Set(texts).size).toBe(1);
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    const tokens = all.map((response) => response.headers.get("Cart-Token"));
    expect(new Set(tokens)).toEqual(new Set([JSON.parse(texts[0]!).token]));
    const replayed = all.filter((response) => response.headers.get("Idempotent-Replayed"));
    expect(replayed).toHaveLength(4);
  });

  it("gives another network or browser with the same key another cart", async () => {
    const sku = await published();
    const headers = key();
    const body = { sku, quantity: 1 };
    const responses = [
      await call(LINES, { headers, body }),
      await call(LINES, { headers: { ...headers, "CF-Connecting-IP": "192.0.2.2" }, body }),
      await call(LINES, { headers: { ...headers, "User-Agent": "other" }, body }),
    ];
    const tokens = responses.map((response) => response.headers.get("Cart-Token"));
    expect(new Set(tokens).size).toBe(3);
  });

  it("repeats the answer although price, stock and cart have changed since", async () => {
    const sku = await published({ onHand: 5 });
    const { token } = await newCart(sku, 1);
    const headers = withToken(token, key());
    const body = { sku, quantity: 2 };
    const first = await (await call(LINES, { headers, body })).text();
    await testIo().sql.delete(variants).where(eq(variants.sku, sku));
    const again = await call(LINES, { headers, body });
    expect(again.status).toBe(201);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    expect(again.headers.get("Content-Type")).toBe("application/json");
    expect(await again.text()).toBe(first);
  });

  it("repeats a refusal, byte for byte", async () => {
    const sku = await published({ onHand: 1 });
    const { token } = await newCart(sku, 1);
    const headers = withToken(token, key());
    const first = await call(LINES, { headers, body: { sku, quantity: 2 } });
    const again = await call(LINES, { headers, body: { sku, quantity: 2 } });
    expect([first.status, again.status]).toEqual([409, 409]);
    expect(again.headers.get("Content-Type")).toBe("application/problem+json");
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    expect(await again.text()).toBe(await first.text());
  });

  it("refuses another request under a used key", async () => {
    const sku = await published();
    const { token } = await newCart(sku, 1);
    const headers = withToken(token, key());
    await call(LINES, { headers, body: { sku, quantity: 1 } });
    const other = await call(LINES, { headers, body: { sku, quantity: 2 } });
    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ type: "/problems/idempotency-key-reused" });
  });

  it("belongs to one cart", async () => {
    const sku = await published();
    const [one, two] = [await newCart(sku), await newCart(sku)];
    const shared = key();
    const body = { sku, quantity: 1 };
    await call(LINES, { headers: withToken(one.token, shared), body });
    const other = await call(LINES, { headers: withToken(two.token, shared), body });
    expect(other.headers.get("Idempotent-Replayed")).toBeNull();
    expect(await other.json()).toMatchObject({ id: two.cart.id, lines: [{ quantity: 2 }] });
  });

  it("is honoured on every other change", async () => {
    const sku = await published();
    const { token, cart } = await newCart(sku, 1);
    const path = `${LINES}/${cart.lines[0]!.id}`;
    const changes = [
      { path, method: "PATCH", body: { quantity: 4 } },
      { path: "/api/v2/cart/mode", method: "PUT", body: { mode: "split" } },
      { path, method: "DELETE" },
    ];
    for (const { path: at, ...change } of changes) {
      const headers = withToken(token, key());
      const first = await call(at, { ...change, headers });
      const again = await call(at, { ...change, headers });
      expect(first.status).toBe(200);
      expect(again.headers.get("Idempotent-Replayed")).toBe("true");
      expect(await again.text()).toBe(await first.text());
    }
  });
});
