import { DurableObject } from "cloudflare:workers";
import { publishCatalogEvents } from "../catalog/index.ts";
import { openIo } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { Sku } from "../shared/ids.ts";
import type {
  Availability,
  CommitResult,
  Hold,
  HoldResult,
  LedgerEntry,
  LocatedAvailability,
  Movement,
  MoveResult,
  PolicyResult,
  PutBack,
  ReleaseResult,
  StockPolicy,
  StockView,
} from "./model.ts";
import type { Offer } from "./offer-store.ts";
import { publishOffer } from "./publish-offer.ts";
import type { Elsewhere, Place } from "./shards/layout.ts";
import type { Consulted, Question, Sale, Supply, SupplyRequest } from "./shards/ports.ts";
import { shardPort } from "./shards/remote-ports.ts";
import type { ShardReport } from "./shards/transfers.ts";
import { SkuStock } from "./sku-stock.ts";
import { stockShard } from "./stub.ts";

/** The shell of one SKU's stock, named by the SKU. */
export class SkuStockObject extends DurableObject<Env> {
  readonly #stock: SkuStock;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const sku = Sku.parse(ctx.id.name);
    this.#stock = new SkuStock({
      sku,
      storage: ctx.storage,
      nowMs: () => Date.now(),
      setAlarm: (atMs) => void ctx.storage.setAlarm(atMs),
      later: (delayMs, work) => ctx.waitUntil(scheduler.wait(delayMs).then(work)),
      tell: (offer, crossesZero) => this.#publish(sku, offer, crossesZero),
      logFailure: (event, error) => logError(event, error, { sku }),
      shard: (place) => shardPort(stockShard(env, sku, place)),
    });
    void ctx.blockConcurrencyWhile(async () => {
      this.#stock.knowAlarm(await ctx.storage.getAlarm());
    });
  }

  hold(hold: Hold): HoldResult | Promise<HoldResult | Elsewhere> {
    return this.#stock.hold(hold);
  }

  commit(holdId: string, buyer?: string): CommitResult | Promise<CommitResult | Elsewhere> {
    return this.#stock.commit(holdId, buyer);
  }

  release(holdId: string, buyer?: string): ReleaseResult | Promise<ReleaseResult | Elsewhere> {
    return this.#stock.release(holdId, buyer);
  }

  takeBack(holdId: string, reason: string): number | Promise<number | Elsewhere> {
    return this.#stock.takeBack(holdId, reason);
  }

  move(movement: Movement, options?: { publishNow?: boolean }): Promise<MoveResult> {
    return this.#stock.move(movement, options);
  }

  putBack(back: PutBack): Promise<void> {
    return this.#stock.putBack(back);
  }

  openStock(opening: { movementId: string; quantity: number; backorder: boolean }): void {
    this.#stock.openStock(opening);
  }

  setBackorder(backorder: boolean): void {
    this.#stock.setBackorder(backorder);
  }

  setPolicy(policy: StockPolicy): Promise<PolicyResult> {
    return this.#stock.setPolicy(policy);
  }

  view(): StockView | Promise<StockView> {
    return this.#stock.view();
  }

  movementsOf(sale: Sale): LedgerEntry[] | Promise<LedgerEntry[]> {
    return this.#stock.movementsOf(sale);
  }

  availabilityByLocation(): Promise<LocatedAvailability> {
    return this.#stock.availabilityByLocation();
  }

  availability(options?: { refill?: boolean }): Availability {
    return this.#stock.availability(options);
  }

  supply(request: SupplyRequest): Promise<Supply> {
    return this.#stock.supply(request);
  }

  consult(question: Question): Promise<Consulted> {
    return this.#stock.consult(question);
  }

  report(place: Place, report: ShardReport, holds: number): Promise<void> {
    return this.#stock.report(place, report, holds);
  }

  override alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#stock.alarm(info);
  }

  async #publish(sku: Sku, offer: Offer, crossesZero: boolean): Promise<void> {
    const io = openIo(this.env, `stock:${sku}`);
    const events = await publishOffer(io, { sku, offer, crossesZero });
    await publishCatalogEvents(io, this.env, events);
  }
}
