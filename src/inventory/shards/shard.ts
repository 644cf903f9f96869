import { assert } from "../../shared/assert.ts";
import { err } from "../../shared/result.ts";
import type { StockKeeping } from "../keeping.ts";
import type { CommitResult, Hold, HoldResult, LedgerEntry, ReleaseResult } from "../model.ts";
import { availableOf } from "../stock.ts";
import {
  type Elsewhere,
  elsewhere,
  mayBeOlder,
  type Place,
  type Spread,
  shardsOf,
  WHOLE,
} from "./layout.ts";
import { planLend } from "./plan-transfer.ts";
import type {
  LendRequest,
  Lent,
  Sale,
  ShardTerms,
  ShardView,
  SupplyRequest,
  WholePort,
} from "./ports.ts";
import type { ShardReport, Transfers } from "./transfers.ts";

type ShardState = ShardTerms & { isOpen: boolean };
type HoldAnswer = HoldResult | Elsewhere;
type Waiter = {
  hold: Hold;
  bought: number;
  settle(answer: HoldAnswer): void;
  fail(error: unknown): void;
};

const LEDGER_SHOWN_MAX = 200;
const COMMIT_TRIES_MAX = 20;
/** Plain again as far as a closed shard knows; the whole knows better. */
const PLAIN = { shards: 0, byBuyer: false };

/**
 * One shard of a hot SKU: owns the units that the whole gave it, and the holds it made, for good. New
 * holds it makes only while its era is open. Dry, it asks the whole, once for all that wait.
 */
export class ShardStock {
  readonly #keeping: StockKeeping;
  readonly #transfers: Transfers;
  readonly #place: Place;
  readonly #whole: () => WholePort;
  readonly #waiters: Waiter[] = [];
  #isAsking = false;
  #holdsTried = 0;

  constructor(keeping: StockKeeping, transfers: Transfers, place: Place, whole: () => WholePort) {
    this.#keeping = keeping;
    this.#transfers = transfers;
    this.#place = place;
    this.#whole = whole;
  }

  /** As the plain object's; answers `elsewhere` for an id that is not its to hold. */
  async hold(hold: Hold): Promise<HoldAnswer> {
    this.#holdsTried += 1;
    const state = this.#state();
    if (state && this.#keeping.store.findHold(hold.holdId)) return this.#try(hold, 0);
    if (!state?.isOpen && !(await this.#join(hold))) return elsewhere(WHOLE, PLAIN);
    const terms = this.#state();
    assert(terms, "an opened shard knows its terms");
    let bought = 0;
    const asksBuyer = terms.limit !== null && terms.asksBuyers && hold.buyer !== undefined;
    if (asksBuyer || mayBeOlder(hold.startedAtMs, terms.openedAtMs)) {
      const { holdId, buyer } = hold;
      const known = await this.#whole().consult({ holdId, buyer, from: this.#place });
      if (known.place !== undefined) return elsewhere(known.place, this.#spread());
      bought = known.bought;
    }
    const tried = this.#try(hold, bought);
    if (tried.ok || tried.error.code !== "insufficient_stock") return tried;
    return new Promise((settle, fail) => {
      this.#waiters.push({ hold, bought, settle, fail });
      void this.#supplyWaiters();
    });
  }

  async commit(holdId: string, buyer?: string): Promise<CommitResult | Elsewhere> {
    const commit = () =>
      this.#own<CommitResult>(
        { holdId, buyer },
        (nowMs) => this.#keeping.book.commit(holdId, nowMs),
        () => err({ code: "hold_lost" }),
      );
    for (let tries = 0; tries < COMMIT_TRIES_MAX; tries += 1) {
      const committed = await commit();
      if (committed.ok || committed.error.code !== "hold_lost" || !this.#hasLapsed(holdId)) {
        return committed;
      }
      // It may have lapsed here while its units went to where somebody else could have had them.
      const { isExhausted } = await this.#ask([this.#keeping.store.wantsOf(holdId)], true);
      if (isExhausted) break;
    }
    return commit();
  }

  release(holdId: string, buyer?: string): Promise<ReleaseResult | Elsewhere> {
    return this.#own({ holdId, buyer, bar: true }, (nowMs) =>
      this.#keeping.book.release(holdId, nowMs),
    );
  }

  takeBack(holdId: string, reason: string): Promise<number | Elsewhere> {
    return this.#own({ holdId, bar: true }, (nowMs) => {
      const back = this.#keeping.book.takeBack(holdId, reason, nowMs);
      assert(back.ok, "sold goods must find room again");
      return back.value;
    });
  }

  /**
   * Gives units back to the whole, which lends them on. What the whole gave before comes along, because
   * its own answer may be lost: holds that wait for it are made first, so nothing is taken from them.
   */
  lend({ ask, how, delivered, close }: LendRequest): Lent {
    this.#keeping.change((nowMs) => {
      this.#channel();
      if (delivered) this.#transfers.take(WHOLE, delivered, nowMs);
    });
    this.#serveWaiters();
    const give = this.#keeping.change((nowMs) => {
      if (close !== undefined) this.#endEra(close);
      this.#keeping.expire(nowMs);
      const plan = () => planLend(this.#keeping.store.shelves(), how);
      return this.#transfers.give(WHOLE, ask, nowMs, plan);
    });
    return { give, report: this.#report() };
  }

  adopt(terms: ShardTerms): void {
    this.#keeping.change(() => this.#adopt(terms));
  }

  knows(holdId: string): boolean {
    return this.#keeping.hasTables && this.#keeping.store.knows(holdId);
  }

  unitsOf(buyer: string, sinceMs: number): number {
    return this.#keeping.hasTables ? this.#keeping.store.unitsOf(buyer, sinceMs) : 0;
  }

  inspect(): ShardView {
    if (!this.#keeping.hasTables) return { report: NOTHING, shelves: [], loose: [], ledger: [] };
    const { store } = this.#keeping;
    const loose = this.#transfers.peer(WHOLE)?.givenParts ?? [];
    const ledger = store.listLedger(LEDGER_SHOWN_MAX);
    return { report: this.#report(), shelves: store.shelves(), loose, ledger };
  }

  movementsOf(sale: Sale): LedgerEntry[] {
    return this.#keeping.hasTables ? this.#keeping.store.listMovements(sale) : [];
  }

  free(): number {
    return this.#keeping.hasTables ? availableOf(this.#keeping.store.shelves()) : 0;
  }

  /** Tells the whole what there is. */
  async tell(): Promise<void> {
    const holds = this.#holdsTried;
    await this.#whole().report(this.#place, this.#report(), holds);
    this.#holdsTried -= holds;
  }

  /** Makes the change if the hold is this shard's, or if nobody knows it; else says whose it is. */
  async #own<T>(
    question: { holdId: string; buyer?: string | undefined; bar?: boolean },
    change: (nowMs: number) => T,
    unopened?: () => T,
  ): Promise<T | Elsewhere> {
    if (!this.knows(question.holdId)) {
      const { place } = await this.#whole().consult({ ...question, from: this.#place });
      if (place !== undefined) return elsewhere(place, this.#spread());
    }
    // What ends here is remembered even where no era is open: one may be that this shard has not heard of,
    // and the hold, if it is late, would open it and be made.
    const canCome = this.#state()?.isOpen || this.knows(question.holdId);
    return canCome || !unopened ? this.#keeping.change(change) : unopened();
  }

  #try(hold: Hold, boughtElsewhere: number): HoldAnswer {
    const { holdId, quantity, ttlMs, wants, buyer } = hold;
    return this.#keeping.change((nowMs) => {
      this.#keeping.expire(nowMs);
      // An await may have let the era end; what is known is told in any era.
      const isKnown = this.#keeping.store.findHold(holdId) !== undefined;
      if (!isKnown && !this.#state()?.isOpen) return elsewhere(WHOLE, PLAIN);
      const terms = { wants, buyer, boughtElsewhere };
      return this.#keeping.book.hold(holdId, quantity, nowMs + ttlMs, nowMs, terms);
    });
  }

  /** Asks the whole whether this shard is part of the SKU now. */
  async #join({ wants, quantity }: Hold): Promise<boolean> {
    await this.#ask([wants ?? [{ quantity }]]);
    return this.#state()?.isOpen ?? false;
  }

  async #ask(wants: SupplyRequest["wants"], lapsed = false) {
    const ask = 1 + (this.#keeping.hasTables ? (this.#transfers.peer(WHOLE)?.booked ?? 0) : 0);
    const request = { place: this.#place, ask, wants, lapsed };
    const { terms, give, isExhausted } = await this.#whole().supply(request);
    if (terms || give) {
      this.#keeping.change((nowMs) => {
        this.#channel();
        if (terms) this.#adopt(terms);
        if (give) this.#transfers.take(WHOLE, give, nowMs);
      });
    }
    return { isOpen: terms !== undefined, isExhausted };
  }

  #hasLapsed(holdId: string): boolean {
    return this.#keeping.hasTables && this.#keeping.store.findHold(holdId)?.status === "expired";
  }

  /** One question at a time, for all that wait when it leaves; who comes later waits for the next. */
  async #supplyWaiters(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#waiters.length > 0) {
      const batch = [...this.#waiters];
      try {
        const wants = batch.map(({ hold: { wants: all, quantity } }) => all ?? [{ quantity }]);
        const { isOpen, isExhausted } = await this.#ask(wants);
        this.#serveWaiters();
        if (!isOpen) this.#sendAway(batch);
        else if (isExhausted) this.#refuse(batch);
      } catch (error) {
        for (const waiter of this.#dismiss(batch)) waiter.fail(error);
      }
    }
    this.#isAsking = false;
  }

  /** Makes the holds that can be made now, oldest first. */
  #serveWaiters(): void {
    for (const waiter of [...this.#waiters]) {
      const tried = this.#try(waiter.hold, waiter.bought);
      if (!tried.ok && tried.error.code === "insufficient_stock") continue;
      this.#dismiss([waiter]);
      waiter.settle(tried);
    }
  }

  #refuse(batch: readonly Waiter[]): void {
    for (const { hold, bought, settle } of this.#dismiss(batch)) settle(this.#try(hold, bought));
  }

  /** The era ends: whatever is still here, the whole has it in a moment. */
  #sendAway(batch: readonly Waiter[]): void {
    for (const { settle } of this.#dismiss(batch)) settle(elsewhere(WHOLE, PLAIN));
  }

  /** Takes those of them out that still wait. */
  #dismiss(batch: readonly Waiter[]): Waiter[] {
    const found = this.#waiters.filter((waiter) => batch.includes(waiter));
    for (const waiter of found) this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    return found;
  }

  #spread(): Spread {
    const state = this.#state();
    return state?.isOpen ? { shards: shardsOf(this.#place), byBuyer: state.byBuyer } : PLAIN;
  }

  #state(): ShardState | undefined {
    return this.#keeping.hasTables ? this.#keeping.store.layout<ShardState>() : undefined;
  }

  /** An era that has ended here stays ended, however late its terms arrive. */
  #adopt(terms: ShardTerms): void {
    const known = this.#state();
    if (known && known.era > terms.era) return;
    const isOpen = known?.era === terms.era ? known.isOpen : true;
    this.#keeping.store.setLayout({ ...terms, isOpen } satisfies ShardState);
    this.#keeping.store.setShopperLimit(terms.limit);
  }

  #endEra(era: number): void {
    const known = this.#state();
    if (known && known.era > era) return;
    const terms = { openedAtMs: 0, byBuyer: false, limit: null, asksBuyers: false, ...known, era };
    this.#keeping.store.setLayout({ ...terms, isOpen: false } satisfies ShardState);
  }

  #channel(): void {
    if (!this.#transfers.peer(WHOLE)) {
      this.#transfers.open(WHOLE, { isOpen: true, byBuyer: false });
    }
  }

  #report(): ShardReport {
    const shelves = this.#keeping.store.shelves();
    const { given, givenParts, booked } = this.#transfers.peer(WHOLE) ?? NO_CHANNEL;
    return {
      free: availableOf(shelves),
      held: shelves.reduce((sum, { held }) => sum + held, 0),
      booked,
      given,
      loose: givenParts.reduce((sum, { quantity }) => sum + quantity, 0),
      sequence: this.#keeping.offers.version(),
    };
  }
}

const NO_CHANNEL = { given: 0, givenParts: [], booked: 0 };
const NOTHING: ShardReport = { free: 0, held: 0, booked: 0, given: 0, loose: 0, sequence: 0 };
