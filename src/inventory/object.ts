import { DurableObject } from "cloudflare:workers";
import { publishCatalogEvents } from "../catalog/index.ts";
import { openIo } from "../platform/io/io.ts";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { logError } from "../platform/telemetry/log.ts";
import { assert } from "../shared/assert.ts";
import { Sku } from "../shared/ids.ts";
import { err, ok } from "../shared/result.ts";
import type {
  Availability,
  CommitResult,
  Hold,
  HoldResult,
  LedgerEntry,
  LocatedAvailability,
  Movement,
  MoveResult,
  ReleaseResult,
  StockView,
} from "./model.ts";
import { type Offer, OfferStore } from "./offer-store.ts";
import { publishOffer } from "./publish-offer.ts";
import { availableAt } from "./stock.ts";
import { StockBook } from "./stock-book.ts";
import { StockStore } from "./stock-store.ts";
import { STOCK_MIGRATIONS } from "./tables.ts";

const LEDGER_SHOWN_MAX = 200;
const EXPIRED_AT_ONCE_MAX = 500;
const HOLD_TTL_MS_MAX = 24 * 60 * 60 * 1000;
/** How long a repeat of a hold's end is still recognised. */
const ENDED_HOLD_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** The runtime drops an alarm after its sixth failed retry. */
const ALARM_RETRIES_TRUSTED = 5;
const ALARM_REST_MS = 60_000;

/**
 * Owns one SKU's stock. What changes stock is synchronous and one transaction, so no caller can see
 * a half-made hold; telling the rest of the shop happens afterwards and may fail without harm.
 */
export class SkuStockObject extends DurableObject<Env> {
  readonly #stock = new StockStore(this.ctx.storage.sql);
  readonly #book = new StockBook(this.#stock);
  readonly #offers = new OfferStore(this.ctx.storage.sql);
  #hasTables: boolean;
  #alarmAtMs: number | undefined;
  #publishing: Promise<void> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#hasTables = hasTables(ctx.storage);
    if (this.#hasTables) migrate(ctx.storage, STOCK_MIGRATIONS);
    // Remembered here so that a change can set its alarm without an await in between: only then are
    // both written together, and no hold can outlive a crash without the alarm that ends it.
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  /**
   * Reserves units for `ttlMs`, all or nothing. Repeating a `holdId` answers what became of it: a
   * hold that stands or was committed is told again, one that was given back is `hold_ended`.
   */
  hold({ holdId, quantity, ttlMs, wants }: Hold): HoldResult {
    assert(Number.isSafeInteger(quantity) && quantity > 0, "a hold needs a positive quantity");
    const wanted = wants?.reduce((sum, want) => sum + want.quantity, 0) ?? quantity;
    assert(wanted === quantity, "a hold's wants add up to its quantity");
    assert(ttlMs > 0 && ttlMs <= HOLD_TTL_MS_MAX, "a hold needs a time limit");
    if (!this.#hasTables) return err({ code: "insufficient_stock", available: 0 });

    return this.#change((nowMs) => {
      // Holds that are over but still wait for the alarm must not refuse a shopper.
      this.#book.expire(nowMs, EXPIRED_AT_ONCE_MAX);
      return this.#book.hold(holdId, quantity, nowMs + ttlMs, nowMs, wants);
    });
  }

  /** Sells what is held. An expired hold is taken again if it still can be, else it is `hold_lost`. */
  commit(holdId: string): CommitResult {
    if (!this.#hasTables) return err({ code: "hold_lost" });
    return this.#change((nowMs) => this.#book.commit(holdId, nowMs));
  }

  /** Gives back what is held. Safe before, during and after the hold it names; never after its commit. */
  release(holdId: string): ReleaseResult {
    if (!this.#hasTables) return ok({ holdId });
    return this.#change((nowMs) => this.#book.release(holdId, nowMs));
  }

  /** Undoes a hold or its sale; answers the units that went back to the shelf. Idempotent. */
  takeBack(holdId: string, reason: string): number {
    if (!this.#hasTables) return 0;
    const back = this.#change((nowMs) => this.#book.takeBack(holdId, reason, nowMs));
    assert(back.ok, "sold goods must find room again");
    return back.value;
  }

  /** Moves goods in or out. With `publishNow` the copies are tried before it answers. */
  async move(movement: Movement, { publishNow = false } = {}): Promise<MoveResult> {
    assert(
      Number.isSafeInteger(movement.delta) && movement.delta !== 0,
      "a movement needs a quantity",
    );
    const moved = this.#change((nowMs) => this.#book.move(movement, nowMs));
    if (!moved.ok) return moved;
    if (publishNow) await this.#publish();
    return ok(this.view());
  }

  /** A SKU's first stock and its backorder policy in one call, for the importer. Idempotent by `movementId`. */
  openStock(opening: { movementId: string; quantity: number; backorder: boolean }): void {
    const { movementId, quantity, backorder } = opening;
    this.#change((nowMs) => {
      this.#stock.setBackorder(backorder);
      if (quantity === 0) this.#offers.markChanged(nowMs); // Nothing moves, yet pages must learn of it.
      if (quantity === 0) return;
      const movement = { movementId, kind: "receive", delta: quantity, reason: "opening" } as const;
      assert(this.#book.move(movement, nowMs).ok, "an opening stock beyond the limit");
    });
  }

  /** Whether the SKU may be sold beyond its stock. What is owed already stays owed. */
  setBackorder(backorder: boolean): void {
    this.#change(() => this.#stock.setBackorder(backorder));
  }

  view(): StockView {
    const shelves = this.#hasTables ? this.#stock.shelves() : [];
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    return {
      ...this.availability(),
      onHand: sum(shelves.map(({ onHand }) => onHand)),
      held: sum(shelves.map(({ held }) => held)),
      locations: shelves,
      ledger: this.#hasTables ? this.#stock.listLedger(LEDGER_SHOWN_MAX) : [],
    };
  }

  /** The ledger entries of one sale and of what came back of it, oldest first. */
  movementsOf(sale: { holdId: string; movementIds: readonly string[] }): LedgerEntry[] {
    return this.#hasTables ? this.#stock.listMovements(sale) : [];
  }

  /** What may be sold now, and what each location can give. */
  availabilityByLocation(): LocatedAvailability {
    const locations = this.#hasTables ? availableAt(this.#stock.shelves()) : [];
    return { ...this.availability(), locations };
  }

  /** What may be sold now. With `refill` the caller says that Redis has lost its copy. */
  availability({ refill = false } = {}): Availability {
    const sku = this.#sku();
    if (!this.#hasTables) return { sku, available: 0, backorder: false };
    if (refill && this.#offers.publishAtMs() === undefined) {
      const nowMs = Date.now();
      this.#offers.markChanged(nowMs);
      this.#arm();
    }
    return { sku, available: this.#stock.available(), backorder: this.#stock.backorder() };
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmAtMs = undefined;
    if (!this.#hasTables) return;
    try {
      // The next alarm is set at the end: one set here would be for what is about to be done.
      this.#transact((nowMs) => {
        this.#book.expire(nowMs, EXPIRED_AT_ONCE_MAX);
        this.#stock.forgetHolds(nowMs - ENDED_HOLD_KEPT_MS, EXPIRED_AT_ONCE_MAX);
      });
      const publishAtMs = this.#offers.publishAtMs();
      if (publishAtMs !== undefined && publishAtMs <= Date.now()) await this.#publish();
      this.#arm();
    } catch (error) {
      if ((info?.retryCount ?? 0) < ALARM_RETRIES_TRUSTED) throw error;
      logError("stock.alarm_failed", error, { sku: this.#sku() });
      this.#setAlarm(Date.now() + ALARM_REST_MS);
    }
  }

  /** Makes a change, and makes sure that its consequences have an alarm. */
  #change<T>(change: (nowMs: number) => T): T {
    if (!this.#hasTables) migrate(this.ctx.storage, STOCK_MIGRATIONS);
    this.#hasTables = true;
    const result = this.#transact(change);
    this.#arm();
    return result;
  }

  /** Runs one change whole or not at all, and notes what the shop has to be told of it. */
  #transact<T>(change: (nowMs: number) => T): T {
    return this.ctx.storage.transactionSync(() => {
      const nowMs = Date.now();
      const before = this.availability();
      const result = change(nowMs);
      const after = this.availability();
      const changed = before.available !== after.available || before.backorder !== after.backorder;
      if (changed) this.#offers.markChanged(nowMs);
      return result;
    });
  }

  /** One publication at a time: two at once could tell the catalogue of a crossing in the wrong order. */
  #publish(): Promise<void> {
    this.#publishing = this.#publishing.then(() => this.#publishOnce());
    return this.#publishing;
  }

  async #publishOnce(): Promise<void> {
    if (this.#offers.publishAtMs() === undefined) return;
    const { sku, available, backorder } = this.availability();
    const offer: Offer = { available, backorder, version: this.#offers.version() };
    try {
      const io = openIo(this.env, `stock:${sku}`);
      const crossesZero = this.#offers.crossesZero(offer);
      const events = await publishOffer(io, { sku, offer, crossesZero });
      await publishCatalogEvents(io, this.env, events);
      this.#offers.markPublished(offer);
    } catch (error) {
      // Weather or not, the news is owed: it stays due, and the stock itself is not in doubt.
      logError("stock.publish_failed", error, { sku });
      this.#offers.postpone(Date.now());
    }
    this.#arm();
  }

  #arm(): void {
    const due = [this.#stock.nextExpiryMs(), this.#offers.publishAtMs()];
    const dueMs = Math.min(...due.filter((atMs) => atMs !== undefined));
    if (dueMs < (this.#alarmAtMs ?? Number.POSITIVE_INFINITY)) this.#setAlarm(dueMs);
  }

  #setAlarm(atMs: number): void {
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }

  #sku(): Sku {
    return Sku.parse(this.ctx.id.name);
  }
}
