import { describe, it } from "vitest";
import { FAULTS, World, type WorldOptions } from "./saga-world.ts";

const SCENES: Record<string, WorldOptions> = {
  "an approved payment": {},
  "a decline": { authorize: "declined" },
  "an unknown outcome": { authorize: "unknown" },
  "an unknown outcome that executes late": { authorize: "unknown", lateByMs: 2_500 },
  "a processor that did not execute": { authorize: "not_executed" },
  "a fail-over to the second processor": { authorize: "not_executed", backup: true },
  "an approval of another amount": { wrongAmount: true },
  "a refused hold": { refuseHold: true },
  "changed terms": { termsChange: true },
  "a hold that was lost": { loseHold: true },
};

describe("the checkout saga", () => {
  it("takes the steps in the order in which each can still refuse", async ({ expect }) => {
    const world = new World();
    expect(await world.run(true)).toBe("placed");
    expect(world.effects).toEqual([
      "hold",
      "terms",
      "authorize stripe",
      "place",
      "commit",
      "finish",
    ]);
    expect(world.contradictions()).toEqual([]);
  });

  it("undoes in reverse when the payment is declined", async ({ expect }) => {
    const world = new World({ authorize: "declined" });
    expect(await world.run(true)).toBe("refused");
    expect(world.saved.refusal).toEqual({ code: "payment_declined", reason: "insufficient_funds" });
    expect(world.hold).toBe("released");
  });

  it("never fails over from an unknown outcome, and finds the money that moved", async ({
    expect,
  }) => {
    const world = new World({ authorize: "unknown", backup: true });
    expect(await world.run(true)).toBe("placed");
    expect(world.effects).not.toContain("authorize adyen");
    expect(world.effects).toContain("find");
  });

  it("fails over from a payment that surely was not executed", async ({ expect }) => {
    const world = new World({ authorize: "not_executed", backup: true });
    expect(await world.run(true)).toBe("placed");
    expect(world.payments).toMatchObject([{ processor: "adyen", state: "approved" }]);
  });

  it("cancels an order whose stock was lost, and names the SKUs that were never sold", async ({
    expect,
  }) => {
    const world = new World({ loseHold: true });
    expect(await world.run(true)).toBe("refused");
    expect(world.cancelled).toBe(1);
    expect(world.saved.refusal).toMatchObject({ code: "insufficient_stock" });
  });

  // Every effect of every scene is hit by every fault, then by alarms until all is quiet.
  for (const [name, scene] of Object.entries(SCENES)) {
    it(`ends whole or undone after any single fault during ${name}`, async ({ expect }) => {
      const fired = new Set<string>();
      for (const fault of FAULTS) {
        for (let index = 0; ; index += 1) {
          const world = new World({ ...scene, faultAt: { index, fault } });
          await world.run(true);
          await world.quiesce();
          if (world.effects.length <= index) break;
          fired.add(`${fault} ${world.effects[index]}`);
          expect(world.contradictions(), `${fault} at ${index} ${world.effects[index]}`).toEqual(
            [],
          );
        }
      }
      // A fault that never fired would be a fault that was never tested.
      for (const fault of FAULTS) expect([...fired]).toContain(`${fault} hold`);
    });
  }

  it("continues with the shopper's own retry after a crash", async ({ expect }) => {
    for (const fault of ["crash_before", "crash_after"] as const) {
      for (let index = 0; index < 6; index += 1) {
        const world = new World({ faultAt: { index, fault } });
        expect(await world.run(true)).toBe("crashed");
        await world.run(true);
        await world.quiesce();
        expect(world.contradictions(), `${fault} at effect ${index}`).toEqual([]);
        expect(world.effects.filter((name) => name === "authorize stripe").length).toBe(1);
      }
    }
  });
});
