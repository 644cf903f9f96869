import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it, vi } from "vitest";
import { FAILURES_TO_OPEN, phaseOf } from "../../src/shared/breaker.ts";

const circuit = () => env.BREAKER.getByName(`test-${crypto.randomUUID()}`);
type Stub = ReturnType<typeof circuit>;
const open = async (stub: Stub) => {
  for (let n = 0; n < FAILURES_TO_OPEN; n += 1) await stub.report("badly");
};

describe("BreakerObject", () => {
  it("opens for all that ask once enough of them failed, racing or not", async ({ expect }) => {
    const stub = circuit();
    await Promise.all(Array.from({ length: FAILURES_TO_OPEN }, () => stub.report("badly")));
    expect(phaseOf((await stub.read()).circuit, Date.now())).toBe("open");
  });

  it("stays open through an eviction", async ({ expect }) => {
    const stub = circuit();
    await open(stub);
    await evictDurableObject(stub);
    expect(phaseOf((await stub.read()).circuit, Date.now())).toBe("open");
  });

  it("grants one probe of many racing readers after the pause, and again never before it ended", async ({
    expect,
  }) => {
    const stub = circuit();
    await open(stub);
    const { openUntilMs } = (await stub.read()).circuit;
    await vi.waitUntil(() => Date.now() > openUntilMs, { timeout: 10_000, interval: 50 });
    const readings = await Promise.all(Array.from({ length: 20 }, () => stub.read()));
    expect(readings.filter(({ mayProbe }) => mayProbe)).toHaveLength(1);
    const { circuit: closed } = await stub.report("well");
    expect(phaseOf(closed, Date.now())).toBe("closed");
  });
});
