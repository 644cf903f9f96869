import { describe, it } from "vitest";
import { type BreakerCopies, openBreakers } from "../../src/payments/breakers.ts";
import type { AuthorizeOutcome, PaymentProcessor } from "../../src/payments/model.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  FAILURES_TO_OPEN,
  grantProbe,
} from "../../src/shared/breaker.ts";
import { money } from "../../src/shared/money.ts";

const REQUEST = {
  key: "chk_1:1",
  checkoutId: "chk_1",
  orderId: "ord_1",
  amount: money(1, "USD"),
  token: "tok_ok",
};

/** Many isolates, one shared circuit, one processor whose health the test sets. */
class World {
  nowMs = 1_000_000;
  calls = 0;
  reads = 0;
  outcome: AuthorizeOutcome["kind"] = "approved";
  isSharedAway = false;
  answersPing = true;
  /** Calls wait until it speaks again. */
  isSilent = false;
  speak: () => void = () => {};
  readonly #spoken = new Promise<void>((resolve) => {
    this.speak = resolve;
  });
  pings = 0;
  shared: Circuit = CLOSED;
  readonly #link = () => ({
    read: async () => {
      this.reads += 1;
      if (this.isSharedAway) throw new Error("away");
      const granted = grantProbe(this.shared, this.nowMs);
      this.shared = granted ?? this.shared;
      return { circuit: this.shared, mayProbe: granted !== undefined };
    },
    report: async (went: "well" | "badly") => {
      if (this.isSharedAway) throw new Error("away");
      this.shared = (went === "well" ? afterSuccess : afterFailure)(this.shared, this.nowMs);
      return { circuit: this.shared, mayProbe: false };
    },
  });

  /** Until all that can happen without the clock has happened. */
  turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

  /** One payment by a request in the isolate that these copies belong to. */
  async pay(copies: BreakerCopies): Promise<AuthorizeOutcome["kind"]> {
    const processor = {
      name: "stripe",
      authorize: async (): Promise<AuthorizeOutcome> => {
        this.calls += 1;
        if (this.isSilent) await this.#spoken;
        if (this.outcome === "approved") {
          return { kind: "approved", paymentId: "pay_1", amount: REQUEST.amount };
        }
        return { kind: this.outcome, reason: "test" };
      },
      ping: async () => {
        this.pings += 1;
        return this.answersPing;
      },
    } as unknown as PaymentProcessor;
    const clock = { nowMs: () => this.nowMs };
    const breakers = openBreakers(this.#link, {
      meter: new Meter(),
      clock,
      copies,
      timeoutMs: 8_000,
      sleep: async () => {},
    });
    // Before it is guarded: what is asked beside the hold has tests of its own.
    breakers.refresh(["stripe"]);
    const { kind } = await breakers.guard(processor).authorize(REQUEST);
    await Promise.resolve();
    return kind;
  }
}

describe("the breakers", () => {
  it("let one isolate make no more bad calls than it takes to open", async ({ expect }) => {
    const world = new World();
    const isolate: BreakerCopies = new Map();
    world.outcome = "unknown";
    const seen = [];
    for (let n = 0; n < 10; n += 1) seen.push(await world.pay(isolate));
    expect(world.calls).toBe(FAILURES_TO_OPEN);
    expect(seen.slice(FAILURES_TO_OPEN)).toEqual(Array(7).fill("not_executed"));
  });

  it("ask after one failure before they risk another payment", async ({ expect }) => {
    const world = new World();
    const isolate: BreakerCopies = new Map();
    world.outcome = "unknown";
    world.answersPing = false;
    const seen = [];
    for (let n = 0; n < 6; n += 1) seen.push(await world.pay(isolate));
    expect([world.calls, world.pings]).toEqual([1, FAILURES_TO_OPEN - 1]);
    expect(seen.slice(1)).toEqual(Array(5).fill("not_executed"));
  });

  it("send no further payments to one that has fallen silent, and ask nothing while it answers", async ({
    expect,
  }) => {
    const world = new World();
    const isolate: BreakerCopies = new Map();
    for (let n = 0; n < 50; n += 1) await world.pay(isolate);
    expect(world.pings).toBe(0);
    world.isSilent = true;
    world.answersPing = false;
    const waiting = [1, 2].map(() => world.pay(isolate));
    await world.turn();
    world.nowMs += 1_000;
    expect(await world.pay(isolate)).toBe("not_executed");
    expect([world.calls, world.pings]).toEqual([52, 1]);
    world.speak();
    expect(await Promise.all(waiting)).toEqual(Array(2).fill("approved"));
  });

  it("teach what one isolate learnt to all others", async ({ expect }) => {
    const world = new World();
    world.outcome = "unknown";
    for (let isolate = 0; isolate < 20; isolate += 1) {
      world.nowMs += 10;
      await world.pay(new Map());
    }
    expect(world.calls).toBe(FAILURES_TO_OPEN);
  });

  it("count no decline: it is an answer of a processor that is well", async ({ expect }) => {
    const world = new World();
    const isolate: BreakerCopies = new Map();
    world.outcome = "declined";
    for (let n = 0; n < 10; n += 1) await world.pay(isolate);
    expect(world.calls).toBe(10);
    expect(world.shared).toBe(CLOSED);
  });

  it("ask the shared circuit once a second, and tell it nothing while all is well", async ({
    expect,
  }) => {
    const world = new World();
    const isolate: BreakerCopies = new Map();
    for (let n = 0; n < 50; n += 1) {
      world.nowMs += 100;
      await world.pay(isolate);
    }
    expect(world.reads).toBeLessThanOrEqual(6);
  });

  it("send one probe of all isolates after the pause, and all calls once it went well", async ({
    expect,
  }) => {
    const world = new World();
    world.outcome = "unknown";
    const isolates: BreakerCopies[] = Array.from({ length: 10 }, () => new Map());
    for (const isolate of isolates) await world.pay(isolate);
    world.nowMs = world.shared.openUntilMs + 1;
    world.calls = 0;
    for (const isolate of isolates) await world.pay(isolate);
    expect(world.calls).toBe(1);

    world.outcome = "approved";
    world.nowMs = world.shared.openUntilMs + 60_000;
    world.calls = 0;
    await world.pay(isolates[0]!);
    world.nowMs += 1_001;
    for (const isolate of isolates) expect(await world.pay(isolate)).toBe("approved");
    expect(world.calls).toBe(11);
  });

  it("spend no payment on a processor that does not even answer", async ({ expect }) => {
    const world = new World();
    world.outcome = "unknown";
    world.answersPing = false;
    const isolate: BreakerCopies = new Map();
    for (let minute = 0; minute < 10; minute += 1) {
      for (let n = 0; n < 20; n += 1) {
        world.nowMs += 3_000;
        await world.pay(isolate);
      }
    }
    expect(world.calls).toBe(1);
    expect(world.pings).toBeGreaterThan(5);
    expect(world.pings).toBeLessThan(20);
  });

  it("go by the isolate's own copy while the shared circuit is away", async ({ expect }) => {
    const world = new World();
    world.isSharedAway = true;
    const isolate: BreakerCopies = new Map();
    expect(await world.pay(isolate)).toBe("approved");
    world.outcome = "unknown";
    for (let n = 0; n < 10; n += 1) await world.pay(isolate);
    expect(world.calls).toBe(1 + FAILURES_TO_OPEN);
  });
});
