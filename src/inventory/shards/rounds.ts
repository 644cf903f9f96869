import type { StockKeeping } from "../keeping.ts";
import type { Place } from "./layout.ts";
import type { ShardPort } from "./ports.ts";
import type { Peer, Transfers } from "./transfers.ts";
import { unitsIn } from "./transfers.ts";

/** Something that needs units which may lie in shards. `attempt` answers whether it is done. */
type Ask = {
  passes: number;
  attempt(): boolean;
  settle(isDone: boolean): void;
  fail(error: unknown): void;
};

/** Halving empties any stock long before; only units that come free all the time could go on. */
const PASSES_MAX = 100;

/**
 * Collects units from the shards for those that need them. Each pass asks every shard that may have some
 * for half of what is free there; passes go on until everybody is served, or one brings nothing. Who
 * waited when such a pass began is refused: by then every shard had been asked after it came.
 */
export class Rounds {
  readonly #keeping: StockKeeping;
  readonly #transfers: Transfers;
  readonly #shard: (place: Place) => ShardPort;
  readonly #asks: Ask[] = [];
  #isRunning = false;

  constructor(keeping: StockKeeping, transfers: Transfers, shard: (place: Place) => ShardPort) {
    this.#keeping = keeping;
    this.#transfers = transfers;
    this.#shard = shard;
  }

  /** Whether nobody waits: then a shard may get more than it needs right now. */
  get isIdle(): boolean {
    return this.#asks.length === 0;
  }

  /** Tries until it is done or nothing is left anywhere; answers which. */
  until(attempt: () => boolean): Promise<boolean> {
    return new Promise((settle, fail) => {
      this.#asks.push({ passes: 0, attempt, settle, fail });
      void this.#run();
    });
  }

  /** Takes units from one shard, and what it says of itself. Repeating is harmless. */
  async pull(place: Place, how: "half" | "all", close?: number): Promise<number> {
    const peer = this.#transfers.peer(place);
    if (!peer) return 0;
    const { given, givenParts, booked } = peer;
    const isLost = givenParts.length > 0 && given > (peer.report?.booked ?? 0);
    const { give, report } = await this.#shard(place).lend({
      ask: booked + 1,
      how,
      ...(isLost && { delivered: { number: given, parts: givenParts } }),
      ...(close !== undefined && { close }),
    });
    return this.#keeping.change((nowMs) => {
      const came = give ? this.#transfers.take(place, give, nowMs) : 0;
      this.#transfers.saveReport(place, report);
      return came;
    });
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#asks.length > 0) await this.#round();
    } catch (error) {
      for (const ask of this.#dismiss(this.#asks)) ask.fail(error);
    }
    this.#isRunning = false;
  }

  async #round(): Promise<void> {
    const waiting = [...this.#asks];
    const { came, failure } = await this.#pass();
    this.#settleDone();
    for (const ask of waiting) ask.passes += 1;
    const isOver = (ask: Ask) => came === 0 || ask.passes >= PASSES_MAX;
    for (const ask of this.#dismiss(waiting.filter(isOver))) {
      // A shard that cannot be asked may have what is missing: that is weather, and no refusal.
      if (failure) ask.fail(failure.reason);
      else ask.settle(false);
    }
  }

  async #pass(): Promise<{ came: number; failure: PromiseRejectedResult | undefined }> {
    const pulls = this.#transfers
      .peers()
      .filter(mayHaveUnits)
      .map(({ name, isOpen }) => this.pull(name, isOpen ? "half" : "all"));
    const results = await Promise.allSettled(pulls);
    return {
      came: results.reduce((sum, each) => sum + (each.status === "fulfilled" ? each.value : 0), 0),
      failure: results.find((each) => each.status === "rejected"),
    };
  }

  #settleDone(): void {
    for (const ask of [...this.#asks]) {
      try {
        if (!ask.attempt()) continue;
        this.#dismiss([ask]);
        ask.settle(true);
      } catch (error) {
        this.#dismiss([ask]);
        ask.fail(error);
      }
    }
  }

  #dismiss(asks: readonly Ask[]): Ask[] {
    const found = this.#asks.filter((ask) => asks.includes(ask));
    for (const ask of found) this.#asks.splice(this.#asks.indexOf(ask), 1);
    return found;
  }
}

/** A closed shard tells by itself when units come free there. */
const mayHaveUnits = ({ isOpen, report, given, givenParts, booked }: Peer): boolean => {
  if (isOpen || !report) return true;
  const isOnTheWay = given > report.booked && unitsIn(givenParts) > 0;
  return isOnTheWay || report.given > booked || report.free > 0 || report.held > 0;
};
