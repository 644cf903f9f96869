import { assert } from "../shared/assert.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type {
  CommitResult,
  HoldResult,
  MoveError,
  Movement,
  PutBack,
  ReleaseResult,
  Take,
  Want,
} from "./model.ts";
import { DEFAULT_LOCATION, takeBackMovement } from "./model.ts";
import { move, planHold, planReturn, reserve, type Shelf, sell, unreserve } from "./stock.ts";
import type { StockStore, StoredHold } from "./stock-store.ts";

type Ending = "released" | "expired" | "committed";
const LEDGER_KIND = { released: "release", expired: "expire", committed: "commit" } as const;

/**
 * `wants` adds up to the quantity and says where the units may come from; without, from anywhere.
 * `boughtElsewhere` is what other objects of the SKU count for the buyer.
 */
export type HoldTerms = {
  wants?: readonly Want[] | undefined;
  buyer?: string | undefined;
  boughtElsewhere?: number;
};

/**
 * What may happen to a SKU's stock, written down: shelves, holds and ledger move together or not at
 * all. Each method belongs inside one transaction, which the object opens.
 */
export class StockBook {
  readonly #store: StockStore;

  constructor(store: StockStore) {
    this.#store = store;
  }

  hold(
    holdId: string,
    quantity: number,
    expiresAtMs: number,
    nowMs: number,
    { wants, buyer, boughtElsewhere = 0 }: HoldTerms = {},
  ): HoldResult {
    const earlier = this.#store.findHold(holdId);
    if (earlier) return this.#repeated(earlier);
    const limit = buyer === undefined ? undefined : this.#store.shopperLimit();
    if (limit && buyer !== undefined) {
      const bought = this.#store.unitsOf(buyer, nowMs - limit.windowMs) + boughtElsewhere;
      const available = Math.max(0, limit.max - bought);
      if (quantity > available) return err({ code: "purchase_limit", available, max: limit.max });
    }
    const taken = this.#take(wants ?? [{ quantity }]);
    if (!taken.ok) return taken;
    this.#store.addHold({ holdId, quantity, expiresAtMs }, { wants, buyer: limit && buyer });
    this.#store.addParts(holdId, taken.value);
    this.#log(holdId, "hold", nowMs, taken.value);
    return ok({ holdId, quantity, expiresAtMs, takes: taken.value });
  }

  commit(holdId: string, nowMs: number): CommitResult {
    const hold = this.#store.findHold(holdId);
    if (!hold) return err({ code: "hold_lost" });
    if (hold.status === "committed") return ok({ holdId });
    if (hold.status === "released") return err({ code: "hold_released" });
    if (hold.status === "expired" && !this.#takeAgain(hold, nowMs)) {
      return err({ code: "hold_lost" });
    }
    const parts = this.#store.partsOf(holdId);
    this.#store.saveShelves(sell(this.#store.shelves(), parts));
    this.#end(holdId, "committed", nowMs);
    return ok({ holdId });
  }

  release(holdId: string, nowMs: number): ReleaseResult {
    const hold = this.#store.findHold(holdId);
    if (hold?.status === "committed") return err({ code: "hold_committed" });
    if (!hold) this.#store.addReleased(holdId, nowMs);
    if (hold?.status === "held") this.#giveBack(holdId, "released", nowMs);
    // An expired hold that its owner gives up must not be taken again by a late commit.
    if (hold?.status === "expired") this.#store.endHold(holdId, "released", nowMs);
    return ok({ holdId });
  }

  /**
   * Undoes whatever a hold has come to: what it sold goes back once, to where it lay; what it still
   * reserves is freed, and a commit that is still on its way will find nothing. Answers the units put
   * back.
   */
  takeBack(holdId: string, reason: string, nowMs: number): Result<number, MoveError> {
    const sold = this.#store.soldParts(holdId);
    if (sold.length === 0) {
      const released = this.release(holdId, nowMs);
      assert(released.ok, "a hold that was committed has sold something");
      return ok(0);
    }
    const movement = { movementId: takeBackMovement(holdId), kind: "return", reason } as const;
    const moved = this.#move(movement, sold, nowMs);
    if (moved.ok) this.#store.forgetBuyer(holdId);
    return moved.ok ? ok(sold.reduce((sum, { quantity }) => sum + quantity, 0)) : moved;
  }

  /** Ends at most `limit` holds whose time is up. */
  expire(nowMs: number, limit: number): void {
    for (const { holdId } of this.#store.listExpired(nowMs, limit)) {
      this.#giveBack(holdId, "expired", nowMs);
    }
  }

  /** Moves goods, once per movement id. */
  move(
    { delta, location = DEFAULT_LOCATION, ...movement }: Movement,
    nowMs: number,
  ): Result<Shelf[], MoveError> {
    return this.#move(movement, [{ location, quantity: delta }], nowMs);
  }

  /** Puts a part of a sale back to where it lay, once per movement id; `sold` is all that it took. */
  putBack(
    { movementId, holdId, movementIds, quantity, reason }: PutBack,
    sold: readonly Take[],
    nowMs: number,
  ): Result<Shelf[], MoveError> {
    const returned = this.#store
      .listMovements({ holdId, movementIds })
      .filter(({ kind }) => kind === "return");
    const parts = planReturn(sold, returned, quantity);
    return this.#move({ movementId, kind: "return", reason }, parts, nowMs);
  }

  /** Gives units to another object's ledger, or books what one gave: the other end has the same reference. */
  transfer(
    reference: string,
    parts: readonly Take[],
    direction: "out" | "in",
    nowMs: number,
  ): void {
    const sign = direction === "out" ? -1 : 1;
    let shelves = this.#store.shelves();
    for (const { location, quantity } of parts) {
      const moved = move(shelves, { location, delta: sign * quantity });
      assert(moved.ok, "a transfer moves what is free, to where it fits");
      shelves = moved.value;
    }
    this.#store.saveShelves(shelves);
    for (const { location, quantity } of parts) {
      const entry = { kind: "transfer", quantity: sign * quantity, location, reference } as const;
      this.#store.appendLedger({ ...entry, reason: "" }, nowMs);
    }
  }

  /** All parts or none. */
  #move(
    { movementId, kind, reason }: Pick<Movement, "movementId" | "kind" | "reason">,
    parts: readonly Take[],
    nowMs: number,
  ): Result<Shelf[], MoveError> {
    let shelves = this.#store.shelves();
    if (this.#store.hasMovement(movementId)) return ok(shelves);
    for (const { location, quantity } of parts) {
      const moved = move(shelves, { location, delta: quantity });
      if (!moved.ok) return moved;
      shelves = moved.value;
    }
    this.#store.saveShelves(shelves);
    for (const part of parts) {
      this.#store.appendLedger({ ...part, kind, reference: movementId, reason }, nowMs);
    }
    return ok(shelves);
  }

  #repeated({ holdId, quantity, status, expiresAtMs }: StoredHold): HoldResult {
    if (status === "held" || status === "committed") {
      return ok({ holdId, quantity, expiresAtMs, takes: this.#store.partsOf(holdId) });
    }
    return err({ code: "hold_ended", available: this.#store.available() });
  }

  #take(wants: readonly Want[]): ReturnType<typeof planHold> {
    const shelves = this.#store.shelves();
    const takes = planHold(shelves, wants, this.#store.backorder());
    if (takes.ok) this.#store.saveShelves(reserve(shelves, takes.value), shelves);
    return takes;
  }

  /** The same units if they still lie there, because the order's shipments name those locations. */
  #takeAgain({ holdId }: StoredHold, nowMs: number): boolean {
    const same = this.#store
      .partsOf(holdId)
      .map(({ location, quantity }) => ({ quantity, from: { only: location } }));
    const again = this.#take(same);
    const taken = again.ok ? again : this.#take(this.#store.wantsOf(holdId));
    if (!taken.ok) return false;
    this.#store.replaceParts(holdId, taken.value);
    this.#log(holdId, "hold", nowMs, taken.value);
    return true;
  }

  #giveBack(holdId: string, ending: "released" | "expired", nowMs: number): void {
    const parts = this.#store.partsOf(holdId);
    this.#store.saveShelves(unreserve(this.#store.shelves(), parts));
    this.#end(holdId, ending, nowMs);
  }

  #end(holdId: string, ending: Ending, nowMs: number): void {
    this.#store.endHold(holdId, ending, nowMs);
    this.#log(holdId, LEDGER_KIND[ending], nowMs);
  }

  /** One ledger entry per location that a hold touches. */
  #log(
    holdId: string,
    kind: "hold" | "release" | "expire" | "commit",
    nowMs: number,
    parts: readonly Take[] = this.#store.partsOf(holdId),
  ): void {
    for (const part of parts) {
      this.#store.appendLedger({ ...part, kind, reference: holdId, reason: "" }, nowMs);
    }
  }
}
