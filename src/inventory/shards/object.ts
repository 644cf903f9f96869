import { DurableObject } from "cloudflare:workers";
import { logError } from "../../platform/telemetry/log.ts";
import { Sku } from "../../shared/ids.ts";
import { assertHold, StockKeeping } from "../keeping.ts";
import type { CommitResult, Hold, HoldResult, LedgerEntry, ReleaseResult } from "../model.ts";
import { skuStock } from "../stub.ts";
import { type Elsewhere, placeInName } from "./layout.ts";
import type { LendRequest, Lent, Sale, ShardTerms, ShardView } from "./ports.ts";
import { wholePort } from "./remote-ports.ts";
import { ShardStock } from "./shard.ts";
import { Transfers } from "./transfers.ts";

/** The shell of one shard of a hot SKU, named by the SKU and its place. */
export class StockShardObject extends DurableObject<Env> {
  readonly #keeping: StockKeeping;
  readonly #shard: ShardStock;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#keeping = new StockKeeping({
      storage: ctx.storage,
      nowMs: () => Date.now(),
      setAlarm: (atMs) => void ctx.storage.setAlarm(atMs),
      later: (delayMs, work) => ctx.waitUntil(scheduler.wait(delayMs).then(work)),
      // Redis and MySQL hear of a SKU as a whole: what a shard owes is a report to there.
      tell: () => this.#shard.tell(),
      offer: () => ({ available: this.#shard.free(), backorder: false }),
      logFailure: (event, error) => logError(event, error, { shard: ctx.id.name }),
    });
    const { sku, place } = placeInName(ctx.id.name ?? "");
    const transfers = new Transfers(ctx.storage.sql, this.#keeping.book, place);
    const whole = () => wholePort(skuStock(env, Sku.parse(sku)));
    this.#shard = new ShardStock(this.#keeping, transfers, place, whole);
    void ctx.blockConcurrencyWhile(async () => {
      this.#keeping.knowAlarm(await ctx.storage.getAlarm());
    });
  }

  hold(hold: Hold): Promise<HoldResult | Elsewhere> {
    assertHold(hold);
    return this.#shard.hold(hold);
  }

  commit(holdId: string, buyer?: string): Promise<CommitResult | Elsewhere> {
    return this.#shard.commit(holdId, buyer);
  }

  release(holdId: string, buyer?: string): Promise<ReleaseResult | Elsewhere> {
    return this.#shard.release(holdId, buyer);
  }

  takeBack(holdId: string, reason: string): Promise<number | Elsewhere> {
    return this.#shard.takeBack(holdId, reason);
  }

  lend(request: LendRequest): Lent {
    return this.#shard.lend(request);
  }

  adopt(terms: ShardTerms): void {
    this.#shard.adopt(terms);
  }

  knows(holdId: string): boolean {
    return this.#shard.knows(holdId);
  }

  unitsOf(buyer: string, sinceMs: number): number {
    return this.#shard.unitsOf(buyer, sinceMs);
  }

  inspect(): ShardView {
    return this.#shard.inspect();
  }

  movementsOf(sale: Sale): LedgerEntry[] {
    return this.#shard.movementsOf(sale);
  }

  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#keeping.alarm(info);
  }
}
