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
  "one try too many": { overLimit: true },
  "one try too many of an order that a voucher pays whole": { overLimit: true, isFree: true },
  "a refused hold": { refuseHold: true },
  "changed terms": { termsChange: true },
  "a hold that was lost": { loseHold: true },
  "an order with codes": { hasCodes: true },
  "an order with codes that a voucher pays whole": { isFree: true },
  "codes that were used up meanwhile": { hasCodes: true, refuseCodes: true },
  "a decline after codes were redeemed": { hasCodes: true, authorize: "declined" },
  "an unknown outcome after codes were redeemed": { hasCodes: true, authorize: "unknown" },
  "a hold that was lost in an order with codes": { hasCodes: true, loseHold: true },
};

describe("the checkout saga", () => {
  it("takes the steps in the order in which each can still refuse", async ({ expect }) => {
    const world = new World();
    expect(await world.run(true)).toBe("placed");
    expect(world.effects).toEqual([
      "tries",
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

  it("undoes the hold of one try too many, and asks no processor", async ({ expect }) => {
    const world = new World({ overLimit: true });
    expect(await world.run(true)).toBe("refused");
    expect(world.saved.refusal).toMatchObject({ code: "rate_limited", retryAfterMs: 60_000 });
    expect(world.effects).toEqual(["tries", "hold", "terms", "release"]);
    expect(world.hold).toBe("released");
  });

  it("stays closed when the limiter is away, and gives the stock back", async ({ expect }) => {
    const world = new World({ faultAt: { index: 0, fault: "weather_before" } });
    expect(await world.run(true)).toBe("refused");
    expect(world.saved.refusal).toMatchObject({ code: "dependency_down" });
    expect([world.hold, world.payments]).toEqual(["released", []]);
  });

  it("redeems codes after the hold and before any money moves, and undoes in reverse", async ({
    expect,
  }) => {
    const world = new World({ hasCodes: true, authorize: "declined" });
    expect(await world.run(true)).toBe("refused");
    expect(world.effects).toEqual([
      "tries",
      "hold",
      "terms",
      "redeem",
      "authorize stripe",
      "restore",
      "release",
    ]);
    expect([world.codes, world.hold]).toEqual(["restored", "released"]);
  });

  it("asks no processor when vouchers pay for everything", async ({ expect }) => {
    const world = new World({ isFree: true });
    expect(await world.run(true)).toBe("placed");
    expect(world.effects).toEqual([
      "tries",
      "hold",
      "terms",
      "redeem",
      "place",
      "commit",
      "finish",
    ]);
  });

  it("says which code was used up, and gives the others back", async ({ expect }) => {
    const world = new World({ hasCodes: true, refuseCodes: true });
    expect(await world.run(true)).toBe("refused");
    const refused = [{ code: "••••AAAA", reason: "limit_reached" }];
    expect(world.saved.refusal).toEqual({ code: "quote_changed", refused });
    expect(world.codes).toBe("restored");
  });

  it("never fails over from an unknown outcome, and finds the money that moved", async ({
    expect,
  }) => {
    const world = new World({ authorize: "unknown", backup: true });
    expect(await world.run(true)).toBe("placed");
    expect(world.effects).not.toContain("authorize adyen");
    expect(world.effects).toContain("find");
  });

  it("does not believe a silence that was asked about too early, however late it arrives", async ({
    expect,
  }) => {
    const world = new World({ authorize: "unknown", lateByMs: 2_000, slowWordMs: 4_000 });
    await world.run(true);
    await world.quiesce();
    expect(world.saved.step).toBe("done");
    expect(world.contradictions()).toEqual([]);
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
      for (let index = 0; index < 7; index += 1) {
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
