import { env } from "cloudflare:workers";
import { afterEach, describe, it, vi } from "vitest";
import { ADDRESS, ownSku, sell } from "../../support/worker-shop.ts";
import { openGate } from "./gate-world.ts";

const realFetch = globalThis.fetch;
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** MySQL's primary is gone, or takes questions and never answers; everything else is as it was. */
function primary(state: "stopped" | "frozen"): void {
  vi.spyOn(globalThis, "fetch").mockImplementation((input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (!url.startsWith(new URL(env.MYSQL_URL).origin)) {
      return realFetch(input, init);
    }
    if (state === "stopped") return Promise.reject(new TypeError("connection refused"));
    return new Promise((_, reject) => {
      init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
    });
  });
}

const post = (body: object, headers: Record<string, string> = {}) => ({
  method: "POST",
  body: JSON.stringify(body),
  headers,
});
const pay = post({}, { "Cart-Token": "t".repeat(43), "Idempotency-Key": "k" });

describe("shedLoad", () => {
  it.for(["stopped", "frozen"] as const)(
    "answers expensive routes at once while the primary is %s, goes on with cheap ones, and heals",
    async (state, { expect }) => {
      const sku = ownSku();
      await sell({ sku });
      const send = openGate({ DEPENDENCY_TIMEOUT_MS: "60" }).isolate();
      const add = () => send("/api/v2/cart/lines", post({ sku, quantity: 1 }));
      vi.useFakeTimers({ toFake: ["Date"] });
      primary(state);
      // Whoever needs the primary finds out, and the isolate with them.
      const found = await Promise.all([add(), add(), add()]);
      expect(found.map(({ status }) => status)).toEqual([503, 503, 503]);
      for (const path of ["/api/v2/validatecheckout", "/api/v2/processorder"]) {
        const { status, headers, text } = await send(path, pay);
        expect([path, status, headers.get("X-Round-Trips")]).toEqual([path, 503, "0"]);
        expect(headers.get("Retry-After")).toBe("1");
        expect(JSON.parse(text)).toMatchObject({ dependency: "mysql" });
      }
      expect((await send("/api/v2/cart")).status).toBe(200);
      expect((await send("/api/v2/products?limit=5")).status).toBe(200);

      vi.restoreAllMocks();
      vi.setSystemTime(Date.now() + 1_000);
      // One may try, whatever it is about; the others wait for how that goes.
      expect((await send("/api/v2/processorder", pay)).status).not.toBe(503);
      expect((await send("/api/v2/processorder", pay)).status).toBe(503);
      expect((await add()).status).toBe(201);
      expect((await send("/api/v2/processorder", pay)).status).not.toBe(503);
    },
  );

  it("works on so many at once in one isolate, and says to the next when to come back", async ({
    expect,
  }) => {
    const send = openGate({ IN_FLIGHT_MAX: "4" }).isolate();
    const body = { email: "a@example.com", shippingAddress: ADDRESS };
    // Of a cart that does not exist: its object has to be asked.
    const ask = () =>
      send("/api/v2/validatecheckout", post(body, { "Cart-Token": "t".repeat(43) }));
    const all = await Promise.all(Array.from({ length: 12 }, ask));
    const refused = all.filter(({ status }) => status === 503);
    expect(refused.length).toBeGreaterThan(0);
    expect(all.filter(({ status }) => status === 404).length).toBeGreaterThanOrEqual(4);
    for (const { headers, text } of refused) {
      expect(JSON.parse(text).type).toBe("/problems/overloaded");
      expect(headers.get("Retry-After")).toBe("1");
    }
    // Every place was given back, also by those that were refused further in.
    const later = await Promise.all(Array.from({ length: 4 }, ask));
    expect(later.map(({ status }) => status)).toEqual([404, 404, 404, 404]);
  });
});
