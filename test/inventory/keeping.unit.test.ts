import { beforeEach, describe, expect, it } from "vitest";
import { StockKeeping } from "../../src/inventory/keeping.ts";
import { availableOf } from "../../src/inventory/stock.ts";
import { ObjectStorage } from "../faults/simulation/object-storage.ts";

const flushed = () => new Promise<void>((resolve) => setImmediate(resolve));

/** One object's stock without its shell: a clock, an alarm and timers that the test moves. */
class Keeper {
  readonly storage = new ObjectStorage();
  nowMs = 1_000_000;
  alarmAtMs: number | null = null;
  alarmsSet = 0;
  told: number[] = [];
  crossings: number[] = [];
  isDown = false;
  /** Others hear what they are told, and the object never learns of it. */
  isDeaf = false;
  timers: { atMs: number; work: () => Promise<void> }[] = [];
  keeping = this.#start();

  #start(): StockKeeping {
    const keeping: StockKeeping = new StockKeeping({
      storage: this.storage as unknown as DurableObjectStorage,
      nowMs: () => this.nowMs,
      setAlarm: (atMs) => {
        this.alarmAtMs = atMs;
        this.alarmsSet += 1;
      },
      later: (delayMs, work) => this.timers.push({ atMs: this.nowMs + delayMs, work }),
      tell: async ({ available }, crossesZero) => {
        if (this.isDown) throw new Error("down");
        this.told.push(available);
        if (crossesZero) this.crossings.push(available);
        if (this.isDeaf) await new Promise(() => {});
      },
      offer: () => ({
        available: keeping.hasTables ? availableOf(keeping.store.shelves()) : 0,
        backorder: false,
      }),
      logFailure: () => {},
    });
    keeping.knowAlarm(this.alarmAtMs);
    return keeping;
  }

  receive(movementId: string, delta = 1): void {
    const kind = delta > 0 ? "receive" : "adjust";
    const movement = { movementId, kind, delta, reason: "test" } as const;
    const moved = this.keeping.change((nowMs) => this.keeping.book.move(movement, nowMs));
    expect(moved.ok).toBe(true);
  }

  /** Timers die with the object, storage and alarm do not. */
  die(): void {
    this.timers = [];
    this.keeping = this.#start();
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [timer] = this.timers.sort((a, b) => a.atMs - b.atMs);
      const dueMs = Math.min(
        timer?.atMs ?? Number.POSITIVE_INFINITY,
        this.alarmAtMs ?? untilMs + 1,
      );
      if (dueMs > untilMs) break;
      this.nowMs = dueMs;
      if (timer?.atMs === dueMs) {
        this.timers.shift();
        await Promise.race([timer.work(), flushed()]);
      } else {
        this.alarmAtMs = null;
        await this.keeping.alarm(undefined);
      }
    }
    this.nowMs = untilMs;
  }
}

describe("what an object with stock owes to others", () => {
  let keeper: Keeper;
  beforeEach(() => {
    keeper = new Keeper();
  });

  it("is told half a second after the change, once for many", async () => {
    for (const id of ["a", "b", "c"]) keeper.receive(id);
    await keeper.pass(499);
    expect(keeper.told).toEqual([]);
    await keeper.pass(1);
    expect(keeper.told).toEqual([3]);
  });

  it("moves the alarm once in ten seconds, however many changes there are", async () => {
    for (let n = 0; n < 9; n += 1) {
      keeper.receive(`m${n}`);
      await keeper.pass(1_000);
    }
    expect(keeper.told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(keeper.alarmsSet).toBe(1);
    await keeper.pass(10_000);
    expect(keeper.told).toHaveLength(9);
    expect(keeper.alarmAtMs).toBeNull();
  });

  it("is told by the alarm when the object died before its timer", async () => {
    keeper.receive("a");
    keeper.die();
    await keeper.pass(10_499);
    expect(keeper.told).toEqual([]);
    await keeper.pass(1);
    expect(keeper.told).toEqual([1]);
  });

  it("is told on time although the object died and its alarm is late, once something changes again", async () => {
    keeper.receive("a");
    keeper.die();
    keeper.receive("b");
    await keeper.pass(500);
    expect(keeper.told).toEqual([2]);
  });

  it("is written as told with the next change, or by the alarm, and not by itself", async () => {
    const owed = () =>
      keeper.storage.sql.exec<{ atMs: number | null }>("SELECT publish_at_ms AS atMs FROM offer");
    keeper.receive("a");
    await keeper.pass(500);
    const firstDueMs = keeper.nowMs;
    expect(owed().one().atMs).toBeNull(); // The first crosses zero.
    keeper.receive("b");
    await keeper.pass(500);
    expect(keeper.told).toEqual([1, 2]);
    expect(owed().one().atMs).toBe(firstDueMs + 500);
    keeper.receive("c");
    expect(owed().one().atMs).toBe(firstDueMs + 1_000);
    await keeper.pass(20_000);
    expect(owed().one().atMs).toBeNull();
    expect(keeper.told).toEqual([1, 2, 3]);
  });

  it("is told again, and harms nobody, when the object died before that was written", async () => {
    keeper.receive("a");
    await keeper.pass(500);
    keeper.receive("b");
    await keeper.pass(500);
    keeper.die();
    await keeper.pass(10_000);
    expect(keeper.told).toEqual([1, 2, 2]);
    expect(keeper.alarmAtMs).toBeNull();
  });

  it("tells pages of a crossing back, although the object died while it told them of the first", async () => {
    keeper.receive("a");
    await keeper.pass(500);
    keeper.isDeaf = true;
    keeper.receive("sold", -1);
    await keeper.pass(500);
    expect(keeper.crossings).toEqual([1, 0]);
    keeper.isDeaf = false;
    keeper.die();
    keeper.receive("b");
    await keeper.pass(500);
    expect(keeper.crossings).toEqual([1, 0, 1]);
  });

  it("is tried again by the alarm, at the time it was put off to, while others are down", async () => {
    keeper.isDown = true;
    keeper.receive("a");
    await keeper.pass(500);
    expect(keeper.alarmAtMs).toBe(keeper.nowMs + 1_000);
    await keeper.pass(1_000);
    expect(keeper.alarmAtMs).toBe(keeper.nowMs + 2_000);
    keeper.isDown = false;
    keeper.receive("b");
    await keeper.pass(2_000);
    expect(keeper.told).toEqual([2]);
  });
});
