import { describe, it } from "vitest";
import { type BreakerCopies, openBreakers } from "../../src/payments/breakers.ts";
import type { AuthorizeOutcome, PaymentProcessor } from "../../src/payments/model.ts";
import { UNPROVEN_MAX } from "../../src/payments/signs-of-life.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import {
  afterFailure,
  afterSuccess,
  type Circuit,
  CLOSED,
  grantProbe,
} from "../../src/shared/breaker.ts";
import { money } from "../../src/shared/money.ts";

const TIMEOUT_MS = 2_500;
const PING_MS_MAX = 1_000;
const HOLD_MS = 20;

/** `hangs`: it answers questions, and no payment. `mute`: nothing at all. `dead`: it cuts connections. */
type Health = "fair" | "slow" | "dead" | "mute" | "hangs";
type Paid = { kind: AuthorizeOutcome["kind"]; sentAtMs: number; tookMs: number };

/** A processor, isolates and their shared circuit on a clock of their own. */
class World {
  nowMs = 1_000_000;
  health: Health = "fair";
  latencyMs = 50;
  pings = 0;
  mostOut = 0;
  readonly sent: { atMs: number; outcome: AuthorizeOutcome["kind"] }[] = [];
  #out = 0;
  #shared: Circuit = CLOSED;
  #timers: { atMs: number; wake: () => void }[] = [];

  sleep = (ms: number): Promise<void> =>
    new Promise((wake) => this.#timers.push({ atMs: this.nowMs + ms, wake }));

  /** Lets all that is due by then happen, in the order in which it is due. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = this.#timers.toSorted((a, b) => a.atMs - b.atMs);
      if (!next || next.atMs > untilMs) break;
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.wake();
    }
    this.nowMs = untilMs;
  }

  /** One checkout: the hold, with whatever leaves beside it, and then the payment. */
  async pay(copies: BreakerCopies): Promise<Paid> {
    const breakers = openBreakers(this.#link, {
      meter: new Meter(),
      clock: { nowMs: () => this.nowMs },
      copies,
      timeoutMs: TIMEOUT_MS,
      sleep: this.sleep,
    });
    const guarded = breakers.guard(this.#processor);
    breakers.refresh(["stripe"]);
    await this.sleep(HOLD_MS);
    const sentAtMs = this.nowMs;
    const { kind } = await guarded.authorize(REQUEST);
    return { kind, sentAtMs, tookMs: this.nowMs - sentAtMs };
  }

  /** Payments that left from then on and ended unknown. */
  unknownSince = (sinceMs: number): number =>
    this.sent.filter(({ atMs, outcome }) => atMs >= sinceMs && outcome === "unknown").length;

  readonly #processor = {
    name: "stripe",
    ping: async () => {
      this.pings += 1;
      const health = this.health;
      if (health === "dead") return false;
      const isAnswered = health === "fair" || health === "hangs";
      await this.sleep(isAnswered ? this.latencyMs : PING_MS_MAX);
      return isAnswered;
    },
    authorize: async (): Promise<AuthorizeOutcome> => {
      const { health, nowMs: atMs } = this;
      const outcome = health === "fair" ? "approved" : "unknown";
      this.sent.push({ atMs, outcome });
      this.#out += 1;
      this.mostOut = Math.max(this.mostOut, this.#out);
      if (health !== "dead") await this.sleep(health === "fair" ? this.latencyMs : TIMEOUT_MS);
      else await this.sleep(2);
      this.#out -= 1;
      if (outcome === "unknown") return { kind: "unknown", reason: "test" };
      return { kind: "approved", paymentId: "pay_1", amount: REQUEST.amount };
    },
  } as unknown as PaymentProcessor;

  readonly #link = () => ({
    read: async () => {
      const granted = grantProbe(this.#shared, this.nowMs);
      this.#shared = granted ?? this.#shared;
      return { circuit: this.#shared, mayProbe: granted !== undefined };
    },
    report: async (went: "well" | "badly") => {
      this.#shared = (went === "well" ? afterSuccess : afterFailure)(this.#shared, this.nowMs);
      return { circuit: this.#shared, mayProbe: false };
    },
  });
}

const REQUEST = {
  key: "chk_1:1",
  checkoutId: "chk_1",
  orderId: "ord_1",
  amount: money(1, "USD"),
  token: "tok_ok",
};

/** A steady stream of payments over some isolates, one every so many milliseconds. */
async function stream(
  world: World,
  { isolates = 1, everyMs, forMs }: { isolates?: number; everyMs: number; forMs: number },
  copies: readonly BreakerCopies[] = Array.from({ length: isolates }, () => new Map()),
): Promise<Promise<Paid>[]> {
  const paid: Promise<Paid>[] = [];
  for (let n = 0; n * everyMs < forMs; n += 1) {
    paid.push(world.pay(copies[n % copies.length]!));
    await world.pass(everyMs);
  }
  return paid;
}

const kinds = async (paid: readonly Promise<Paid>[]) =>
  Object.groupBy(await Promise.all(paid), ({ kind }) => kind);

describe("a processor that answers", () => {
  it.for([1, 2, 8, 100, 400])("pays %i at once, all of them, soon", async (count, { expect }) => {
    const world = new World();
    const copies: BreakerCopies = new Map();
    const paid = Array.from({ length: count }, () => world.pay(copies));
    await world.pass(5_000);
    const ended = await Promise.all(paid);
    expect(ended.map(({ kind }) => kind)).toEqual(Array(count).fill("approved"));
    // An answer takes 50 ms; who has to wait for a place waits for a few of them.
    expect(Math.max(...ended.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(300);
  });

  it("is asked little by a crowd, and not at all by a stream that is answered", async ({
    expect,
  }) => {
    const world = new World();
    const copies: BreakerCopies = new Map();
    const crowd = Array.from({ length: 100 }, () => world.pay(copies));
    await world.pass(2_000);
    await Promise.all(crowd);
    expect(world.pings).toBeLessThanOrEqual(10);

    const pings = world.pings;
    const paid = await stream(world, { everyMs: 100, forMs: 20_000 }, [copies]);
    await world.pass(1_000);
    expect((await kinds(paid)).approved).toHaveLength(200);
    // Once, because the crowd is long ago.
    expect(world.pings - pings).toBeLessThanOrEqual(1);
  });

  it("keeps the pace of 200 payments a second though each takes 400 ms", async ({ expect }) => {
    const world = new World();
    world.latencyMs = 400;
    const paid = await stream(world, { everyMs: 5, forMs: 10_000 });
    await world.pass(3_000);
    const ended = await Promise.all(paid);
    expect(ended.every(({ kind }) => kind === "approved")).toBe(true);
    expect(world.mostOut).toBeGreaterThan(70);
    const settled = ended.slice(1_000).map(({ tookMs }) => tookMs);
    expect(Math.max(...settled)).toBeLessThanOrEqual(400 + 500);
  });

  it("costs the first payment after a quiet time no more than its own answer takes", async ({
    expect,
  }) => {
    const world = new World();
    world.latencyMs = 15;
    const copies: BreakerCopies = new Map();
    for (let n = 0; n < 5; n += 1) {
      const paid = world.pay(copies);
      await world.pass(60_000);
      // The question left beside the hold, which takes longer than its answer.
      expect((await paid).tookMs).toBe(15);
    }
    expect(world.pings).toBe(5);
  });
});

describe.each(["dead", "mute", "slow"] as const)("a processor that turns %s", (health) => {
  it.for([
    { everyMs: 66, latencyMs: 2 },
    { everyMs: 66, latencyMs: 50 },
    { everyMs: 20, latencyMs: 5 },
    { everyMs: 1_500, latencyMs: 300 },
  ])("gets two payments more in an isolate, one every $everyMs ms", async (pace, { expect }) => {
    const world = new World();
    world.latencyMs = pace.latencyMs;
    const copies: BreakerCopies[] = [new Map()];
    const before = await stream(world, { ...pace, forMs: 6_000 }, copies);
    world.health = health;
    const sinceMs = world.nowMs;
    const during = await stream(world, { ...pace, forMs: 60_000 }, copies);
    await world.pass(10_000);
    await Promise.all([...before, ...during]);
    expect(world.unknownSince(sinceMs)).toBeLessThanOrEqual(UNPROVEN_MAX);
    // The others are told that it did not happen, in time to be sent to the other processor.
    const { not_executed: refused = [] } = await kinds(during);
    expect(refused.length).toBeGreaterThanOrEqual(during.length - UNPROVEN_MAX);
    expect(Math.max(...refused.map(({ tookMs }) => tookMs))).toBeLessThanOrEqual(2_100);

    world.health = "fair";
    const after = await stream(world, { ...pace, forMs: 120_000 }, copies);
    await world.pass(10_000);
    const last = await Promise.all(after.slice(-10));
    expect(last.map(({ kind }) => kind)).toEqual(Array(10).fill("approved"));
  });

  it("gets two payments more of ten that pay at once, and of a hundred", async ({ expect }) => {
    for (const count of [10, 100]) {
      const world = new World();
      world.latencyMs = 5;
      const copies: BreakerCopies = new Map();
      await Promise.all([world.pay(copies), world.pass(1_000)]);
      world.health = health;
      const sinceMs = world.nowMs;
      const paid = Array.from({ length: count }, () => world.pay(copies));
      await world.pass(10_000);
      await Promise.all(paid);
      expect(world.unknownSince(sinceMs)).toBeLessThanOrEqual(UNPROVEN_MAX);
    }
  });

  it("gets none of isolates that had been quiet: they ask first, beside the hold", async ({
    expect,
  }) => {
    const world = new World();
    const copies: BreakerCopies[] = Array.from({ length: 20 }, () => new Map());
    const before = await stream(world, { everyMs: 50, forMs: 2_000 }, copies);
    await world.pass(1_000);
    await Promise.all(before);
    world.health = health;
    const sinceMs = world.nowMs;
    const paid = await stream(world, { everyMs: 20, forMs: 8_000 }, copies);
    await world.pass(10_000);
    await Promise.all(paid);
    expect(world.unknownSince(sinceMs)).toBe(0);
  });
});

describe("a short silence", () => {
  it("is heard once, however many asked: it costs nobody, and opens nothing", async ({
    expect,
  }) => {
    const world = new World();
    const copies: BreakerCopies = new Map();
    await Promise.all([world.pay(copies), world.pass(1_000)]);
    world.health = "mute";
    const paid = Array.from({ length: 30 }, () => world.pay(copies));
    await world.pass(500);
    world.health = "fair";
    await world.pass(5_000);
    expect((await kinds(paid)).approved).toHaveLength(30);
    expect(world.sent.filter(({ outcome }) => outcome === "unknown")).toEqual([]);
  });

  it("of a second and more sends who waited elsewhere, and is one failure", async ({ expect }) => {
    const world = new World();
    const copies: BreakerCopies = new Map();
    await Promise.all([world.pay(copies), world.pass(1_000)]);
    world.health = "mute";
    const paid = Array.from({ length: 30 }, () => world.pay(copies));
    await world.pass(1_900);
    world.health = "fair";
    await world.pass(1_000);
    expect((await kinds(paid)).unknown).toBeUndefined();
    const next = world.pay(copies);
    await world.pass(1_000);
    expect((await next).kind).toBe("approved");
  });
});

describe("an answer that is late itself", () => {
  it("says nothing of a processor that has died since it was asked", async ({ expect }) => {
    const world = new World();
    const copies: BreakerCopies = new Map();
    await Promise.all([world.pay(copies), world.pass(1_000)]);
    // One payment is out when it dies; its answer comes when the next two have failed already.
    world.latencyMs = 40;
    const early = world.pay(copies);
    await world.pass(HOLD_MS + 30);
    world.health = "dead";
    const sinceMs = world.nowMs;
    const paid = Array.from({ length: 20 }, () => world.pay(copies));
    await world.pass(5_000);
    await Promise.all(paid);
    expect((await early).kind).toBe("approved");
    expect(world.unknownSince(sinceMs)).toBeLessThanOrEqual(UNPROVEN_MAX);
  });
});

describe("a processor whose payments hang while it answers questions", () => {
  it("gets no more once three of them are late, in any isolate of its own", async ({ expect }) => {
    const world = new World();
    const copies: BreakerCopies[] = [new Map()];
    await Promise.all(await stream(world, { everyMs: 100, forMs: 3_000 }, copies));
    await world.pass(500);
    world.health = "hangs";
    const sinceMs = world.nowMs;
    const paid = await stream(world, { everyMs: 100, forMs: 5_000 }, copies);
    await world.pass(10_000);
    await Promise.all(paid);
    // Late is what takes three times as long as usual, and half a second: 650 ms here, six payments.
    expect(world.unknownSince(sinceMs)).toBeLessThanOrEqual(6 + 3);
  });

  it("is not given up for single payments that take long", async ({ expect }) => {
    const world = new World();
    const copies: BreakerCopies[] = [new Map()];
    const paid: Promise<Paid>[] = [];
    for (let n = 0; n < 200; n += 1) {
      world.health = n % 20 === 0 ? "hangs" : "fair";
      paid.push(...(await stream(world, { everyMs: 50, forMs: 50 }, copies)));
    }
    await world.pass(5_000);
    const { approved = [], unknown = [] } = await kinds(paid);
    expect(approved.length + unknown.length).toBe(200);
  });
});
