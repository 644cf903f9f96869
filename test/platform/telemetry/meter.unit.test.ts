import fc from "fast-check";
import { describe, it } from "vitest";
import { Meter, type Step, type StepKind } from "../../../src/platform/telemetry/meter.ts";

/** What a request might do: one step, some in a row, or some side by side. */
type Plan =
  | { kind: "step"; fails: boolean }
  | { kind: "sequence"; plans: Plan[] }
  | { kind: "parallel"; plans: Plan[] };

const { plan } = fc.letrec<{ plan: Plan }>((tie) => ({
  plan: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ kind: fc.constant("step" as const), fails: fc.boolean() }),
    fc.record({
      kind: fc.constant("sequence" as const),
      plans: fc.array(tie("plan"), { maxLength: 4 }),
    }),
    fc.record({
      kind: fc.constant("parallel" as const),
      plans: fc.array(fc.record({ kind: fc.constant("step" as const), fails: fc.boolean() }), {
        maxLength: 4,
      }),
    }),
  ),
}));

async function run(meter: Meter, plan: Plan): Promise<void> {
  if (plan.kind === "step") {
    const call = async () => {
      await Promise.resolve();
      if (plan.fails) throw new Error("weather");
    };
    await meter.step("mysql", call).catch(() => undefined);
  } else if (plan.kind === "sequence") {
    for (const inner of plan.plans) await run(meter, inner);
  } else {
    await Promise.all(plan.plans.map((inner) => run(meter, inner)));
  }
}

const stepsIn = (plan: Plan): number =>
  plan.kind === "step" ? 1 : plan.plans.reduce((sum, inner) => sum + stepsIn(inner), 0);

/** Sequential depth by definition: rows add up, what runs side by side counts once. */
function depthOf(plan: Plan): number {
  if (plan.kind === "step") return 1;
  const depths = plan.plans.map(depthOf);
  return plan.kind === "sequence"
    ? depths.reduce((sum, depth) => sum + depth, 0)
    : Math.max(0, ...depths);
}

describe("Meter", () => {
  it("counts what is in a row and not what is side by side", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(plan, async (plan) => {
        const meter = new Meter();
        await run(meter, plan);
        expect(meter.roundTrips).toBe(depthOf(plan));
        expect(meter.steps).toHaveLength(Math.min(stepsIn(plan), 500));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("adds the steps that an object took to the call of it", async ({ expect }) => {
    const inner = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(inner, fc.integer({ min: 0, max: 3 }), async (depths, before) => {
        const meter = new Meter();
        for (let i = 0; i < before; i += 1) await meter.step("redis", async () => undefined);
        const steps = depths.map((depth): Step => ({ kind: "mysql", depth, durationMs: 1 }));
        const value = await meter.nested("object", async () => ({ value: "v", steps }));
        expect(value).toBe("v");
        expect(meter.roundTrips).toBe(before + 1 + Math.max(0, ...depths));
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("counts a step that only the answer waits for, whichever is faster", async ({ expect }) => {
    for (const isFaster of [true, false]) {
      const meter = new Meter();
      const { promise, resolve } = Promise.withResolvers<void>();
      const beside = meter.beside("object", () => promise);
      if (isFaster) {
        resolve();
        await beside;
      }
      expect(meter.roundTrips).toBe(isFaster ? 1 : 0);
      await meter.step("mysql", async () => undefined);
      resolve();
      await beside;
      expect([meter.roundTrips, meter.steps.map(({ depth }) => depth)]).toEqual([1, [1, 1]]);
      await meter.step("redis", async () => undefined);
      expect(meter.roundTrips).toBe(2);
    }
  });

  it("counts a step that failed, and lets its error through", async ({ expect }) => {
    const meter = new Meter();
    const failing = meter.step("neon", () => Promise.reject(new Error("weather")));
    await expect(failing).rejects.toThrow("weather");
    await expect(
      meter.nested("object", () => Promise.reject(new Error("overloaded"))),
    ).rejects.toThrow("overloaded");
    expect([meter.roundTrips, meter.steps.map(({ kind }) => kind)]).toEqual([
      2,
      ["neon", "object"],
    ]);
  });

  it("writes Server-Timing as the standard has it: name, duration, quoted description", async ({
    expect,
  }) => {
    const meter = new Meter();
    expect(meter.serverTiming()).toBe("");
    const kinds: StepKind[] = ["redis", "mysql"];
    for (const kind of kinds) await meter.step(kind, async () => undefined);
    expect(meter.serverTiming()).toMatch(/^redis;dur=\d+;desc="1", mysql;dur=\d+;desc="2"$/);
  });

  it("keeps counting depth when it has stopped keeping steps", async ({ expect }) => {
    const meter = new Meter();
    for (let i = 0; i < 600; i += 1) await meter.step("kv", async () => undefined);
    expect([meter.steps.length, meter.roundTrips]).toEqual([500, 600]);
  });
});
