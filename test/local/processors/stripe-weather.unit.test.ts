import { describe, test } from "vitest";
import { StripeDriver } from "./stripe-driver.ts";

describe("PUT /weather", () => {
  test("errorRate: a share of requests fails before anything happens", async ({ expect }) => {
    const draws = [0.1, 0.9];
    const stripe = await StripeDriver.start(() => draws.shift() ?? 0.9);
    await stripe.weather({ errorRate: 0.3 });
    expect((await stripe.create({}, { key: "k1" })).status).toBe(500);
    expect(await stripe.ledger()).toEqual([]);
    // It never began, so the key is not used up.
    expect((await stripe.create({}, { key: "k1" })).status).toBe(200);
  });

  test("timeoutRate: the effect happens, the answer does not come", async ({ expect }) => {
    const draws = [0.4, 0.9];
    const stripe = await StripeDriver.start(() => draws.shift() ?? 0.9);
    await stripe.weather({ errorRate: 0.3, timeoutRate: 0.2 });
    await expect(stripe.create({}, { key: "k1", timeoutMs: 300 })).rejects.toThrow(/timeout/i);
    expect(await stripe.ledger()).toHaveLength(1);
    const again = await stripe.create({}, { key: "k1" });
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
  });

  test("down: connections break until the weather clears", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    await stripe.weather({ down: true });
    await expect(stripe.create()).rejects.toThrow("fetch failed");
    expect(await stripe.ledger()).toEqual([]);
    await stripe.weather({});
    expect((await stripe.create()).status).toBe(200);
  });

  test("latencyMs delays every answer", async ({ expect }) => {
    const stripe = await StripeDriver.start();
    await stripe.weather({ latencyMs: 200 });
    const startedAtMs = performance.now();
    await stripe.create();
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(195);
  });

  test.for([
    [{ errorRate: 1.5 }],
    [{ errorRate: "half" }],
    [{ latencyMs: -1 }],
    [{ latencyMs: 0.5 }],
    [{ sunny: true }],
    [["down"]],
    ["down"],
  ])("%o is no weather: 422, and the old one stays", async ([nonsense], { expect }) => {
    const stripe = await StripeDriver.start();
    await stripe.weather({ down: true });
    expect(await stripe.weather(nonsense)).toBe(422);
    await expect(stripe.create()).rejects.toThrow("fetch failed");
  });
});
