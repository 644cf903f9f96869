import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { assert } from "../shared/assert.ts";
import type { Hold } from "./model.ts";
import { type Offer, OfferStore, PUBLISH_DELAY_MS } from "./offer-store.ts";
import { StockBook } from "./stock-book.ts";
import { StockStore } from "./stock-store.ts";
import { STOCK_MIGRATIONS } from "./tables.ts";

const HOLD_TTL_MS_MAX = 24 * 60 * 60 * 1000;
const EXPIRED_AT_ONCE_MAX = 500;
/** How long a repeat of a hold's end is still recognised. */
const ENDED_HOLD_KEPT_MS = 30 * 24 * 60 * 60 * 1000;
/** The runtime drops an alarm after its sixth failed retry. */
const ALARM_RETRIES_TRUSTED = 5;
const ALARM_REST_MS = 60_000;
/**
 * How far behind its time the alarm of a publication stands while a timer is to make it in time. An alarm is
 * two writes to move, and a busy SKU would move it twice for each sale; so it only comes to find what a
 * timer lost with its object, and nearly always finds nothing.
 */
const ALARM_BEHIND_MS = 10_000;

export type KeepingDeps = {
  storage: DurableObjectStorage;
  nowMs(): number;
  setAlarm(atMs: number): void;
  /** Does the work after that time, unless the object is gone by then. */
  later(delayMs: number, work: () => Promise<void>): void;
  /** Tells whoever must know what can be had now. May throw: then it is told again later. */
  tell(offer: Offer, crossesZero: boolean): Promise<void>;
  /** What can be had now; asked before and after each change. */
  offer(): Omit<Offer, "version">;
  logFailure(event: string, error: unknown): void;
  /** What else the object waits for, beside the ends of holds and what it owes to others. */
  alsoDueMs?(): number | undefined;
};

/** What a hold must be, wherever it is made. */
export function assertHold({ quantity, ttlMs, wants }: Hold): void {
  assert(Number.isSafeInteger(quantity) && quantity > 0, "a hold needs a positive quantity");
  const wanted = wants?.reduce((sum, want) => sum + want.quantity, 0) ?? quantity;
  assert(wanted === quantity, "a hold's wants add up to its quantity");
  assert(ttlMs > 0 && ttlMs <= HOLD_TTL_MS_MAX, "a hold needs a time limit");
}

/**
 * Keeps a ledger of stock in an object's storage: each change is one transaction, and what follows from
 * it, ending holds and telling others, has an alarm before the change is answered.
 */
export class StockKeeping {
  readonly store: StockStore;
  readonly book: StockBook;
  readonly offers: OfferStore;
  readonly #deps: KeepingDeps;
  #hasTables: boolean;
  #alarmAtMs: number | undefined;
  #hasTimer = false;
  #telling: Promise<void> = Promise.resolve();

  constructor(deps: KeepingDeps) {
    this.#deps = deps;
    const { storage } = deps;
    this.store = new StockStore(storage.sql);
    this.book = new StockBook(this.store);
    this.offers = new OfferStore(storage.sql);
    this.#hasTables = hasTables(storage);
    if (this.#hasTables) migrate(storage, STOCK_MIGRATIONS);
  }

  /** An object that was only ever asked about has none. */
  get hasTables(): boolean {
    return this.#hasTables;
  }

  nowMs(): number {
    return this.#deps.nowMs();
  }

  /**
   * Learns of the alarm that storage has, before anything else runs: only because it is known can a change
   * set its alarm without an await in between, so that no hold outlives a crash without it.
   */
  knowAlarm(atMs: number | null): void {
    this.#alarmAtMs = atMs ?? undefined;
  }

  /** Makes a change, and makes sure that its consequences have an alarm. */
  change<T>(change: (nowMs: number) => T): T {
    if (!this.#hasTables) migrate(this.#deps.storage, STOCK_MIGRATIONS);
    this.#hasTables = true;
    const result = this.#transact(change);
    this.#startTimer();
    this.arm();
    return result;
  }

  /** Holds that are over but still wait for the alarm must not refuse a shopper. */
  expire(nowMs: number): void {
    this.book.expire(nowMs, EXPIRED_AT_ONCE_MAX);
  }

  /** Sets the alarm for whatever is due next. */
  arm(): void {
    const due = [this.store.nextExpiryMs(), this.#publishDueMs(), this.#deps.alsoDueMs?.()];
    const dueMs = Math.min(...due.filter((atMs) => atMs !== undefined));
    if (dueMs < (this.#alarmAtMs ?? Number.POSITIVE_INFINITY)) this.#setAlarm(dueMs);
  }

  /** Does what is due. `more` is what else its object does then. */
  async alarm(info: AlarmInvocationInfo | undefined, more?: () => Promise<void>): Promise<void> {
    this.#alarmAtMs = undefined;
    if (!this.#hasTables) return;
    try {
      // The next alarm is set at the end: one set here would be for what is about to be done.
      this.#transact((nowMs) => {
        this.expire(nowMs);
        this.store.forgetHolds(nowMs - ENDED_HOLD_KEPT_MS, EXPIRED_AT_ONCE_MAX);
      });
      if (this.#isPublicationDue()) await this.tell();
      await more?.();
      this.offers.settle();
      this.arm();
    } catch (error) {
      if ((info?.retryCount ?? 0) < ALARM_RETRIES_TRUSTED) throw error;
      this.#deps.logFailure("stock.alarm_failed", error);
      this.#setAlarm(this.nowMs() + ALARM_REST_MS);
    }
  }

  /** One telling at a time: two at once could tell the catalogue of a crossing in the wrong order. */
  tell(): Promise<void> {
    this.#telling = this.#telling.then(() => this.#tellOnce());
    return this.#telling;
  }

  async #tellOnce(): Promise<void> {
    if (this.offers.publishAtMs() === undefined) return;
    const offer: Offer = { ...this.#deps.offer(), version: this.offers.version() };
    try {
      const crossesZero = this.offers.crossesZero(offer);
      if (crossesZero) this.offers.beginCrossing();
      await this.#deps.tell(offer, crossesZero);
      this.offers.markPublished(offer);
    } catch (error) {
      // Weather or not, the news is owed: it stays due, and the stock itself is not in doubt.
      this.#deps.logFailure("stock.publish_failed", error);
      this.offers.postpone(this.nowMs());
    }
    this.arm();
  }

  /**
   * Tells of a change in time. Of one that comes while others are being told, after another delay: a rush
   * is told of twice a second, not without a pause. What failed and was put off is left to the alarm.
   */
  #startTimer(): void {
    const publishAtMs = this.#hasTimer ? undefined : this.offers.publishAtMs();
    if (publishAtMs === undefined) return;
    const waitMs = publishAtMs - this.nowMs();
    if (waitMs > PUBLISH_DELAY_MS) return;
    this.#hasTimer = true;
    this.#deps.later(waitMs > 0 ? waitMs : PUBLISH_DELAY_MS, async () => {
      this.#hasTimer = false;
      if (this.#isPublicationDue()) return this.tell();
      this.#startTimer();
      this.arm();
    });
  }

  #isPublicationDue(): boolean {
    const publishAtMs = this.offers.publishAtMs();
    return publishAtMs !== undefined && publishAtMs <= this.nowMs();
  }

  #publishDueMs(): number | undefined {
    const publishAtMs = this.offers.publishAtMs();
    return publishAtMs && publishAtMs + (this.#hasTimer ? ALARM_BEHIND_MS : 0);
  }

  /** Runs one change whole or not at all, and notes what others have to be told of it. */
  #transact<T>(change: (nowMs: number) => T): T {
    try {
      return this.#deps.storage.transactionSync(() => {
        const nowMs = this.nowMs();
        const before = this.#deps.offer();
        const result = change(nowMs);
        const after = this.#deps.offer();
        const isOther =
          before.available !== after.available || before.backorder !== after.backorder;
        if (isOther) this.offers.markChanged(nowMs);
        return result;
      });
    } catch (error) {
      this.store.forgetCached();
      throw error;
    }
  }

  #setAlarm(atMs: number): void {
    this.#alarmAtMs = atMs;
    this.#deps.setAlarm(atMs);
  }
}
