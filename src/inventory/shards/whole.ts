import { assert } from "../../shared/assert.ts";
import type { StockKeeping } from "../keeping.ts";
import type { Hold, HoldResult } from "../model.ts";
import { availableOf } from "../stock.ts";
import {
  type Elsewhere,
  elsewhere,
  type HoldRoute,
  type Layout,
  mayBeOlder,
  NEVER_SHARDED,
  type Place,
  placeFor,
  placesFor,
  shardsOf,
  WHOLE,
} from "./layout.ts";
import { planGive } from "./plan-transfer.ts";
import type {
  Consulted,
  Question,
  ShardPort,
  ShardTerms,
  Supply,
  SupplyRequest,
  WholePort,
} from "./ports.ts";
import { Rounds } from "./rounds.ts";
import { type Give, inFlight, type ShardReport, type Transfers } from "./transfers.ts";

type HoldAnswer = HoldResult | Elsewhere;
const DRAINS_MAX = 10;

/**
 * The whole of a SKU that is sharded or ever was: keeps the units that no shard has, gives them to
 * shards that ask, and knows where each hold can be. Shards never speak to each other, so every unit is
 * in one ledger or on its way between the whole and one shard.
 */
export class WholeStock implements WholePort {
  readonly #keeping: StockKeeping;
  readonly #transfers: Transfers;
  readonly #shard: (place: Place) => ShardPort;
  readonly #rounds: Rounds;
  #closing: Promise<void> | undefined;

  constructor(keeping: StockKeeping, transfers: Transfers, shard: (place: Place) => ShardPort) {
    this.#keeping = keeping;
    this.#transfers = transfers;
    this.#shard = shard;
    this.#rounds = new Rounds(keeping, transfers, shard);
  }

  layout(): Layout | undefined {
    return this.#keeping.hasTables ? this.#keeping.store.layout<Layout>() : undefined;
  }

  /** What can be had, by the shards' last reports; what is on its way counts. */
  available(): number {
    const own = availableOf(this.#keeping.store.shelves());
    if (!this.layout()) return own;
    const peers = this.#transfers.peers();
    return peers.reduce((sum, peer) => sum + (peer.report?.free ?? 0) + inFlight(peer), own);
  }

  /** Holds here while the SKU is plain, or says which shard does. */
  async hold(hold: Hold): Promise<HoldAnswer> {
    const { store } = this.#keeping;
    if (store.findHold(hold.holdId)) return this.#try(hold, 0);
    if (this.#open()) return this.#toShard(hold);
    if (this.#layout().isClosing) await this.close();
    const consulted = await this.#older(hold);
    if (consulted.place !== undefined) return elsewhere(consulted.place, this.#layout());
    if (this.#open()) return this.#toShard(hold);

    let tried: HoldAnswer = this.#try(hold, consulted.bought);
    const isShort = () => !tried.ok && tried.error.code === "insufficient_stock";
    if (!isShort()) return tried;
    await this.#rounds.until(() => {
      // Units of closed shards come back here; an era may even have begun in between.
      tried = this.#open() ? this.#toShard(hold) : this.#try(hold, consulted.bought);
      return !isShort();
    });
    return tried;
  }

  /** Where the end of a hold belongs, that this object does not know; `undefined`: here. */
  async placeOf(route: HoldRoute): Promise<Elsewhere | undefined> {
    if (this.#keeping.store.knows(route.holdId)) return undefined;
    const spread = this.#layout();
    const isOpen = this.#open() !== undefined;
    const current = placeFor(spread, route);
    // Where it would be now is asked by the caller: nobody has to ask twice while nothing has changed.
    const found = await this.#find(route, isOpen ? current : WHOLE);
    if (found !== undefined) return elsewhere(found, spread);
    if (spread.isClosing) await this.close();
    return isOpen && this.#open() ? elsewhere(current, spread) : undefined;
  }

  /** Makes a change that needs units which may lie in shards. */
  collect(attempt: () => boolean): Promise<boolean> {
    return this.#rounds.until(attempt);
  }

  async supply({ place, ask, wants, lapsed = false }: SupplyRequest): Promise<Supply> {
    let give: Give | undefined;
    let isExhausted = false;
    /** `isLast`: gives what there is, because there is no more. */
    const attempt = (isLast: boolean): boolean =>
      this.#keeping.change((nowMs) => {
        const peer = this.#transfers.peer(place);
        const isOpen = this.#isOpenShard(place);
        if (!isOpen && !(lapsed && peer)) return true;
        this.#keeping.expire(nowMs);
        const { shards, byBuyer } = this.#layout();
        if (isOpen && !peer?.isOpen) this.#transfers.open(place, { isOpen, byBuyer });
        // While others wait, nobody gets more than is needed now: it would only be asked back.
        const shareOf = isOpen && this.#rounds.isIdle ? 2 * shards : Number.POSITIVE_INFINITY;
        const plan = planGive(this.#keeping.store.shelves(), wants, shareOf);
        const isAgain = ask <= (peer?.given ?? 0);
        if (!isAgain && !plan.met && !isLast) return false;
        give = this.#transfers.give(place, ask, nowMs, () => plan.parts);
        isExhausted = !isAgain && !plan.met;
        return true;
      });
    if (!attempt(false)) {
      const isDone = await this.#rounds.until(() => attempt(false));
      if (!isDone) attempt(true);
    }
    const terms = this.#isOpenShard(place) ? this.#terms() : undefined;
    return { terms, give, isExhausted: isExhausted || (!terms && !give) };
  }

  async consult({ from, bar = false, ...route }: Question): Promise<Consulted> {
    const { store } = this.#keeping;
    if (store.knows(route.holdId)) return { place: WHOLE, bought: 0 };
    const place = await this.#find(route, from);
    if (place !== undefined) return { place, bought: 0 };
    if (bar) this.#keeping.change((nowMs) => this.#keeping.book.release(route.holdId, nowMs));
    return { bought: await this.#boughtBy(route.buyer, from) };
  }

  /** A shard says what it has. What comes free where no shard is any more comes back here. */
  async report(place: Place, report: ShardReport): Promise<void> {
    this.#keeping.change(() => this.#transfers.saveReport(place, report));
    const peer = this.#transfers.peer(place);
    if (peer && !peer.isOpen && report.free > 0) await this.#rounds.pull(place, "all");
  }

  /** Splits the SKU from now on. The shards come for their units when they need them. */
  open(shards: number): void {
    const { store } = this.#keeping;
    this.#keeping.change((nowMs) => {
      const layout = this.layout() ?? NEVER_SHARDED;
      assert(layout.shards === 0 && !store.backorder(), "only a plain SKU is opened");
      const byBuyer = store.shopperLimit() !== undefined;
      const era = layout.era + 1;
      store.setLayout({ ...layout, shards, byBuyer, era, openedAtMs: nowMs });
    });
  }

  /** From now on no shard gets units. Part of a change. */
  beginClosing(): void {
    const layout = this.layout();
    if (layout && layout.shards > 0) {
      this.#keeping.store.setLayout({ ...layout, isClosing: true });
    }
  }

  /** Ends the era: every shard gives back what is free, and makes no hold any more. Repeatable. */
  close(): Promise<void> {
    this.#closing ??= this.#close().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
  }

  /** New rules for shoppers, in force at every shard when it returns. */
  async tellTerms(): Promise<void> {
    const open = this.#transfers.peers().filter(({ isOpen }) => isOpen);
    await Promise.all(open.map(({ name }) => this.#shard(name).adopt(this.#terms())));
  }

  async #close(): Promise<void> {
    const { store } = this.#keeping;
    if (this.#layout().shards === 0) return;
    this.#keeping.change(() => this.beginClosing());
    const { era } = this.#layout();
    const open = this.#transfers.peers().filter(({ isOpen }) => isOpen);
    await Promise.all(open.map(({ name }) => this.#drain(name, era)));
    this.#keeping.change((nowMs) => {
      const layout = { ...this.#layout(), shards: 0, byBuyer: false, isClosing: false };
      store.setLayout({ ...layout, closedAtMs: nowMs });
    });
  }

  async #drain(place: Place, era: number): Promise<void> {
    for (let n = 0; n < DRAINS_MAX; n += 1) {
      // The first answer may be that of an older question, which was for less.
      await this.#rounds.pull(place, "all", era);
      const peer = this.#transfers.peer(place);
      if (peer?.report?.free === 0) break;
    }
    this.#keeping.change(() => this.#transfers.open(place, { isOpen: false, byBuyer: false }));
  }

  #try(hold: Hold, boughtElsewhere: number): HoldResult {
    const { holdId, quantity, ttlMs, wants, buyer } = hold;
    return this.#keeping.change((nowMs) => {
      this.#keeping.expire(nowMs);
      const terms = { wants, buyer, boughtElsewhere };
      return this.#keeping.book.hold(holdId, quantity, nowMs + ttlMs, nowMs, terms);
    });
  }

  #toShard(route: HoldRoute): Elsewhere {
    const { shards, byBuyer } = this.#layout();
    return elsewhere(placeFor({ shards, byBuyer }, route), { shards, byBuyer });
  }

  /** Whether an earlier era knows this hold, and what its shards count for the buyer. */
  async #older({ holdId, buyer, startedAtMs }: Hold): Promise<Consulted> {
    const mayBe = mayBeOlder(startedAtMs, this.#layout().closedAtMs);
    const place = mayBe ? await this.#find({ holdId, buyer }, WHOLE) : undefined;
    if (place !== undefined) return { place, bought: 0 };
    return { bought: await this.#shardsBought(buyer, WHOLE) };
  }

  /** Asks every shard that could ever have made this hold, but the one that asks. */
  async #find(route: HoldRoute, from: Place): Promise<Place | undefined> {
    const peers = this.#transfers.peers();
    const could = new Set([...spreadsOf(peers)].flatMap((spread) => placesFor(spread, route)));
    const asked = peers.map(({ name }) => name).filter((name) => could.has(name) && name !== from);
    const known = await Promise.all(asked.map((name) => this.#shard(name).knows(route.holdId)));
    return asked.find((_, index) => known[index]);
  }

  async #boughtBy(buyer: string | undefined, from: Place): Promise<number> {
    const limit = this.#keeping.store.shopperLimit();
    if (buyer === undefined || !limit) return 0;
    const sinceMs = this.#keeping.nowMs() - limit.windowMs;
    return this.#keeping.store.unitsOf(buyer, sinceMs) + (await this.#shardsBought(buyer, from));
  }

  async #shardsBought(buyer: string | undefined, from: Place): Promise<number> {
    const limit = this.#keeping.store.shopperLimit();
    if (buyer === undefined || !limit) return 0;
    const sinceMs = this.#keeping.nowMs() - limit.windowMs;
    const counting = this.#transfers.peers().filter(({ byBuyer }) => byBuyer);
    const could = new Set(
      [...spreadsOf(counting)]
        .filter(({ byBuyer }) => byBuyer)
        .map((spread) => placeFor(spread, { holdId: "", buyer })),
    );
    const asked = counting.filter(({ name }) => could.has(name) && name !== from);
    const units = await Promise.all(
      asked.map(({ name }) => this.#shard(name).unitsOf(buyer, sinceMs)),
    );
    return units.reduce((sum, each) => sum + each, 0);
  }

  #terms(): ShardTerms {
    const { store } = this.#keeping;
    const { era, openedAtMs, byBuyer } = this.#layout();
    const limit = store.shopperLimit() ?? null;
    const earlier = this.#transfers.peers().some((peer) => peer.byBuyer && !peer.isOpen);
    return { era, openedAtMs, byBuyer, limit, asksBuyers: store.hasBuyers() || earlier };
  }

  #isOpenShard(place: Place): boolean {
    return this.#open()?.shards === shardsOf(place);
  }

  #open(): Layout | undefined {
    const layout = this.#layout();
    return layout.shards > 0 && !layout.isClosing ? layout : undefined;
  }

  #layout(): Layout {
    const layout = this.layout();
    assert(layout, "a SKU that was never sharded has no layout");
    return layout;
  }
}

/** The ways in which holds were ever spread over these shards. */
function* spreadsOf(peers: readonly { name: Place; byBuyer: boolean }[]) {
  for (const shards of new Set(peers.map(({ name }) => shardsOf(name)))) {
    yield { shards, byBuyer: false };
    const byBuyer = peers.some((peer) => peer.byBuyer && shardsOf(peer.name) === shards);
    if (byBuyer) yield { shards, byBuyer };
  }
}
