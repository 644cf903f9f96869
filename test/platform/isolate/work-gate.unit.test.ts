import { describe, it } from "vitest";
import { WorkGate } from "../../../src/platform/isolate/work-gate.ts";

describe("a work gate", () => {
  it("lets so many in and turns the others away at once", async ({ expect }) => {
    const gate = new WorkGate(2);
    const order: string[] = [];
    const work = (name: string) => gate.run(async () => order.push(name) && name);
    expect(await Promise.all([work("a"), work("b"), work("c")])).toEqual(["a", "b", "busy"]);
    expect(order).toEqual(["a", "b"]);
    expect(await work("d")).toBe("d");
  });

  it("lets the next in when work fails", async ({ expect }) => {
    const gate = new WorkGate(1);
    const failing = gate.run(() => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    expect(await gate.run(async () => "well")).toBe("well");
  });

  it("forgets a request that the runtime dropped", async ({ expect }) => {
    let nowMs = 0;
    const gate = new WorkGate(1, { nowMs: () => nowMs });
    void gate.run(() => new Promise(() => {}));
    nowMs = 5_000;
    expect(await gate.run(async () => "in")).toBe("busy");
    nowMs = 5_001;
    expect(await gate.run(async () => "in")).toBe("in");
  });
});
