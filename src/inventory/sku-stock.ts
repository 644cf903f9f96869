import { assert } from "../shared/assert.ts";
import type { Sku } from "../shared/ids.ts";
import { err, ok } from "../shared/result.ts";
import { assertHold, type KeepingDeps, StockKeeping } from "./keeping.ts";
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
import { Heat } from "./shards/heat.ts";
import { type Elsewhere, NEVER_SHARDED, type Place, WHOLE } from "./shards/layout.ts";
import type {
  Consulted,
  Question,
  Sale,
  ShardPort,
  Supply,
  SupplyRequest,
  WholePort,
} from "./shards/ports.ts";
import { isSettled, layoutDueMs, settleLayout } from "./shards/settle-layout.ts";
import { type ShardReport, Transfers } from "./shards/transfers.ts";
import { WholeStock } from "./shards/whole.ts";
import { movementsOfWhole, viewWhole } from "./shards/whole-view.ts";
import { availableAt, availableOf, type Shelf } from "./stock.ts";

const LEDGER_SHOWN_MAX = 200;

type SkuStockDeps = Omit<KeepingDeps, "offer" | "alsoDueMs"> & {
  sku: Sku;
  shard(place: Place): ShardPort;
};

/**
 * One SKU's stock: all of it, or what its shards do not have. What changes stock is synchronous and
 * one transaction, so no caller can see a half-made hold; telling the rest of the shop happens
 * afterwards and may fail without harm. A SKU that was never sharded asks no other object for anything.
 */
export class SkuStock implements WholePort {
  readonly #deps: SkuStockDeps;
  readonly #keeping: StockKeeping;
  readonly #transfers: Transfers;
  readonly #whole: WholeStock;
  readonly #heat: Heat;

  constructor(deps: SkuStockDeps) {
    this.#deps = deps;
    this.#heat = new Heat(deps.nowMs());
    this.#keeping = new StockKeeping({
      ...deps,
      offer: () => this.#offer(),
      alsoDueMs: () => layoutDueMs(this.#parts()),
    });
    this.#transfers = new Transfers(deps.storage.sql, this.#keeping.book, WHOLE);
    this.#whole = new WholeStock(this.#keeping, this.#transfers, deps.shard);
  }

  /** The alarm that storage has, before anything else runs. */
  knowAlarm(atMs: number | null): void {
    this.#keeping.knowAlarm(atMs);
  }

  /**
   * Reserves units for `ttlMs`, all or nothing. Repeating a `holdId` answers what became of it: a
   * hold that stands or was committed is told again, one that was given back is `hold_ended`. A sharded
   * SKU answers `elsewhere`: which shard is to be asked.
   */
  hold(hold: Hold): HoldResult | Promise<HoldResult | Elsewhere> {
    assertHold(hold);
    if (!this.#keeping.hasTables) return err({ code: "insufficient_stock", available: 0 });
    this.#heat.note(1, this.#deps.nowMs());
    if (this.#whole.layout()) return this.#whole.hold(hold);

    const { holdId, quantity, ttlMs, wants, buyer } = hold;
    const held = this.#keeping.change((nowMs) => {
      this.#keeping.expire(nowMs);
      return this.#keeping.book.hold(holdId, quantity, nowMs + ttlMs, nowMs, { wants, buyer });
    });
    // A plain SKU that is busy becomes a sharded one for the holds that come after this.
    if (this.#heat.isHot(this.#deps.nowMs()) && !isSettled(this.#parts()))
      void settleLayout(this.#parts());
    return held;
  }

  /** Sells what is held. An expired hold is taken again if it still can be, else it is `hold_lost`. */
  commit(holdId: string, buyer?: string): CommitResult | Promise<CommitResult | Elsewhere> {
    if (!this.#keeping.hasTables) return err({ code: "hold_lost" });
    const commit = () => this.#keeping.change((nowMs) => this.#keeping.book.commit(holdId, nowMs));
    return this.#ended({ holdId, buyer }, () => {
      let committed = commit();
      const isLost = () => !committed.ok && committed.error.code === "hold_lost";
      const mayCollect = this.#whole.layout() && this.#keeping.store.findHold(holdId);
      if (!isLost() || !mayCollect) return committed;
      const again = () => {
        committed = commit();
        return !isLost();
      };
      return this.#whole.collect(again).then(() => committed);
    });
  }

  /** Gives back what is held. Safe before, during and after the hold it names; never after its commit. */
  release(holdId: string, buyer?: string): ReleaseResult | Promise<ReleaseResult | Elsewhere> {
    if (!this.#keeping.hasTables) return ok({ holdId });
    return this.#ended({ holdId, buyer }, () =>
      this.#keeping.change((nowMs) => this.#keeping.book.release(holdId, nowMs)),
    );
  }

  /** Undoes a hold or its sale; answers the units that went back to the shelf. Idempotent. */
  takeBack(holdId: string, reason: string): number | Promise<number | Elsewhere> {
    if (!this.#keeping.hasTables) return 0;
    return this.#ended({ holdId }, () => {
      const back = this.#keeping.change((nowMs) =>
        this.#keeping.book.takeBack(holdId, reason, nowMs),
      );
      assert(back.ok, "sold goods must find room again");
      return back.value;
    });
  }

  /** Moves goods in or out. With `publishNow` the copies are tried before it answers. */
  async move(movement: Movement, { publishNow = false } = {}): Promise<MoveResult> {
    assert(
      Number.isSafeInteger(movement.delta) && movement.delta !== 0,
      "a movement needs a quantity",
    );
    const attempt = () => this.#keeping.change((nowMs) => this.#keeping.book.move(movement, nowMs));
    let moved = attempt();
    const isShort = (): boolean => !moved.ok && moved.error.code === "stock_negative";
    if (isShort() && this.#whole.layout()) {
      // What shards have free can be taken out as well.
      await this.#whole.collect(() => {
        moved = attempt();
        return !isShort();
      });
    }
    if (!moved.ok) return moved;
    if (publishNow) await this.#keeping.tell();
    return ok(await this.view());
  }

  /** Puts a part of a sale back to where it lay, whichever of the SKU's objects sold it. */
  async putBack(back: PutBack): Promise<void> {
    assert(Number.isSafeInteger(back.quantity) && back.quantity > 0, "a return needs a quantity");
    const sold = (await this.movementsOf(back)).filter(({ kind }) => kind === "commit");
    const moved = this.#keeping.change((nowMs) => this.#keeping.book.putBack(back, sold, nowMs));
    assert(moved.ok, "returned goods must find room again");
  }

  /** A SKU's first stock and its backorder policy in one call, for the importer. Idempotent by `movementId`. */
  openStock(opening: { movementId: string; quantity: number; backorder: boolean }): void {
    const { movementId, quantity, backorder } = opening;
    this.#keeping.change((nowMs) => {
      this.#setBackorder(backorder);
      // Nothing moves, yet pages must learn of it.
      if (quantity === 0) this.#keeping.offers.markChanged(nowMs);
      if (quantity === 0) return;
      const movement = { movementId, kind: "receive", delta: quantity, reason: "opening" } as const;
      const moved = this.#keeping.book.move(movement, nowMs);
      assert(moved.ok, "an opening stock beyond the limit");
    });
  }

  /** Whether the SKU may be sold beyond its stock. What is owed already stays owed. */
  setBackorder(backorder: boolean): void {
    this.#keeping.change(() => this.#setBackorder(backorder));
  }

  /** How the SKU is spread and how much one shopper may have. In force when it returns; repeatable. */
  async setPolicy({ shards, shopperLimit }: StockPolicy): Promise<PolicyResult> {
    const { store } = this.#keeping;
    if (this.#keeping.hasTables && store.backorder() && (shards ?? 0) > 1) {
      return err({ code: "backorder_sharded" });
    }
    this.#keeping.change(() => {
      if (shards !== undefined) {
        store.setLayout({ ...(this.#whole.layout() ?? NEVER_SHARDED), declared: shards });
      }
      if (shopperLimit !== undefined) store.setShopperLimit(shopperLimit);
    });
    await settleLayout(this.#parts());
    if (shopperLimit !== undefined && this.#whole.layout()) await this.#whole.tellTerms();
    this.#keeping.arm();
    return ok(await this.view());
  }

  view(): StockView | Promise<StockView> {
    if (!this.#whole.layout()) {
      const { hasTables, store } = this.#keeping;
      const shelves = hasTables ? store.shelves() : [];
      return this.#viewOf(shelves, hasTables ? store.listLedger(LEDGER_SHOWN_MAX) : []);
    }
    const all = viewWhole(this.#keeping, this.#transfers, (place) => this.#deps.shard(place));
    return all.then(({ shelves, ledger, inFlight }) => ({
      ...this.#viewOf(shelves, ledger),
      inFlight,
    }));
  }

  /** The ledger entries of one sale and of what came back of it, oldest first. */
  movementsOf(sale: Sale): LedgerEntry[] | Promise<LedgerEntry[]> {
    if (!this.#keeping.hasTables) return [];
    if (!this.#whole.layout()) return this.#keeping.store.listMovements(sale);
    const { shard } = this.#deps;
    return movementsOfWhole(this.#keeping, this.#transfers, shard, sale);
  }

  /** What may be sold now, and what each location can give. */
  async availabilityByLocation(): Promise<LocatedAvailability> {
    const { locations } = await this.view();
    return { ...this.availability(), locations: availableAt(locations) };
  }

  /**
   * What may be sold now; of a sharded SKU, what its shards have told. With `refill` the caller says that
   * Redis has lost its copy.
   */
  availability({ refill = false } = {}): Availability {
    const sku = this.#deps.sku;
    if (!this.#keeping.hasTables) return { sku, available: 0, backorder: false };
    const { offers } = this.#keeping;
    if (refill && offers.publishAtMs() === undefined) {
      offers.markChanged(this.#deps.nowMs());
      this.#keeping.arm();
    }
    return { sku, ...this.#offer() };
  }

  supply(request: SupplyRequest): Promise<Supply> {
    return this.#whole.supply(request);
  }

  consult(question: Question): Promise<Consulted> {
    return this.#whole.consult(question);
  }

  report(place: Place, report: ShardReport, holds: number): Promise<void> {
    this.#heat.note(holds, this.#deps.nowMs());
    return this.#whole.report(place, report);
  }

  alarm(info?: AlarmInvocationInfo): Promise<void> {
    return this.#keeping.alarm(info, () => settleLayout(this.#parts()));
  }

  /** A debt has one place: from now on no shard makes holds, and the alarm brings their units home. */
  #setBackorder(backorder: boolean): void {
    this.#keeping.store.setBackorder(backorder);
    if (backorder) this.#whole.beginClosing();
  }

  /** Ends a hold here, or says where it belongs. Only a SKU that was sharded has to look. */
  #ended<T>(
    route: { holdId: string; buyer?: string | undefined },
    end: () => T | Promise<T>,
  ): T | Promise<T | Elsewhere> {
    if (!this.#whole.layout() || this.#keeping.store.knows(route.holdId)) return end();
    return this.#whole.placeOf(route).then((place) => place ?? end());
  }

  #viewOf(shelves: readonly Shelf[], ledger: LedgerEntry[]): StockView {
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    const layout = this.#whole.layout();
    const limit = this.#keeping.hasTables ? this.#keeping.store.shopperLimit() : undefined;
    return {
      ...this.availability(),
      available: availableOf(shelves),
      onHand: sum(shelves.map(({ onHand }) => onHand)),
      held: sum(shelves.map(({ held }) => held)),
      shards: Math.max(1, layout?.shards ?? 1),
      declaredShards: layout?.declared ?? null,
      maxPerShopper: limit?.max ?? null,
      locations: [...shelves],
      ledger,
    };
  }

  #offer(): Omit<Offer, "version"> {
    return { available: this.#whole.available(), backorder: this.#keeping.store.backorder() };
  }

  #parts() {
    return { keeping: this.#keeping, whole: this.#whole, heat: this.#heat };
  }
}
