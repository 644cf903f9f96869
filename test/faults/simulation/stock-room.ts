import { commitAll, holdAll, releaseAll, takeBackAll } from "../../../src/inventory/hold-stock.ts";
import type { Hold } from "../../../src/inventory/model.ts";
import { StockBook } from "../../../src/inventory/stock-book.ts";
import { StockStore } from "../../../src/inventory/stock-store.ts";
import type { InventoryEnv } from "../../../src/inventory/stub.ts";
import { STOCK_MIGRATIONS } from "../../../src/inventory/tables.ts";
import type { TakeBackAll } from "../../../src/orders/return-stock.ts";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import type { Meter } from "../../../src/platform/telemetry/meter.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import { err, ok } from "../../../src/shared/result.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import { ObjectStorage } from "./object-storage.ts";
import type { Timeline } from "./timeline.ts";

/** Counts nothing: round trips are another proof's business. */
export const METER = {
  step: <T>(_kind: string, call: () => Promise<T>) => call(),
} as unknown as Meter;

type Shelf = { storage: ObjectStorage; store: StockStore; book: StockBook };
const LEDGER_KINDS: Record<string, string> = {
  receive: "RESTOCK",
  return: "RETURN",
  hold: "RESERVE",
  release: "RELEASE",
  expire: "EXPIRE",
  commit: "CONFIRM",
};
const EXPIRED_AT_ONCE = 500;
/** Bugs of a shop that never asks whether what it held was still there. */
const TRUSTING = new Set<Bug | undefined>(["commit_ignores_lost_hold", "partial_hold_accepted"]);

type StockParts = { timeline: Timeline; wire: Wire; skewMs: () => number; bug: Bug | undefined };

/** The product's stock book and rows, one SQLite per SKU, and its fan-out over them. */
export class StockRoom {
  readonly #shelves = new Map<string, Shelf>();
  readonly #parts: StockParts;
  #returns = 0;

  constructor(parts: StockParts) {
    this.#parts = parts;
  }

  open(sku: Sku, quantity: number): void {
    const storage = new ObjectStorage();
    for (const migration of STOCK_MIGRATIONS) storage.sql.exec(migration);
    const store = new StockStore(storage.sql);
    const shelf = { storage, store, book: new StockBook(store) };
    this.#shelves.set(sku, shelf);
    const movement = {
      movementId: "opening",
      kind: "receive",
      delta: quantity,
      reason: "",
    } as const;
    this.#change(sku, ({ book }, nowMs) => book.move(movement, nowMs));
  }

  available(sku: Sku): number {
    return this.#shelves.get(sku)!.store.available();
  }

  /** What the alarms of the objects do. */
  expire(): void {
    for (const sku of this.#shelves.keys()) {
      this.#change(sku, ({ book }, nowMs) => book.expire(nowMs, EXPIRED_AT_ONCE));
    }
  }

  /** The product's own calls over all SKUs of an order, as this caller makes them. */
  for(caller: Caller) {
    const env = this.#env(caller);
    return {
      hold: async (request: Parameters<typeof holdAll>[2]) => {
        const held = await holdAll(env, METER, request);
        return this.#parts.bug === "partial_hold_accepted" ? ok(null) : held;
      },
      commit: async (holdId: string, skus: readonly Sku[]): Promise<readonly Sku[]> => {
        const committed = await commitAll(env, METER, { holdId, skus });
        if (committed.ok || TRUSTING.has(this.#parts.bug)) return [];
        return committed.error.skus;
      },
      release: (holdId: string, skus: readonly Sku[]) =>
        this.#parts.bug === "release_forgotten"
          ? Promise.resolve()
          : releaseAll(env, METER, { holdId, skus }),
      takeBack: ((request) => takeBackAll(env, METER, request)) satisfies TakeBackAll,
    };
  }

  snapshot(evidence: Evidence, isFinal: boolean): void {
    for (const [sku, { storage }] of this.#shelves) {
      const { onHand, held } = storage.sql
        .exec<{ onHand: number; held: number }>(
          "SELECT SUM(on_hand) AS onHand, SUM(held) AS held FROM stock",
        )
        .one();
      const { sequence } = storage.sql
        .exec<{ sequence: number }>("SELECT MAX(sequence) AS sequence FROM ledger")
        .one();
      evidence.add("snap", sku, sequence, onHand, held, Number(isFinal));
    }
  }

  tell(evidence: Evidence): void {
    for (const [sku, { storage }] of this.#shelves) {
      const rows = storage.sql.exec<{
        sequence: number;
        kind: string;
        quantity: number;
        reference: string;
      }>("SELECT sequence, kind, quantity, reference FROM ledger ORDER BY sequence");
      for (const { sequence, kind, quantity, reference } of rows) {
        const hold = kind === "receive" ? null : reference.replace(/^return:/, "").split("#")[0]!;
        evidence.add("inv", sequence, sku, hold, LEDGER_KINDS[kind]!, quantity);
      }
    }
  }

  close(): void {
    for (const { storage } of this.#shelves.values()) storage.close();
  }

  #env(caller: Caller): InventoryEnv {
    const { wire, timeline, bug } = this.#parts;
    const stub = (sku: string) => ({
      hold: async (hold: Hold) => {
        if (wire.strikes("F8 part of a fan-out", 0.01)) throw new DependencyDown("object");
        if (bug === "check_then_allocate") {
          if (this.available(sku as Sku) < hold.quantity) {
            return err({ code: "insufficient_stock", available: 0 });
          }
          await timeline.sleep(200);
        }
        return wire.call(caller, "hold", () => this.#hold(sku, hold));
      },
      commit: (holdId: string) =>
        wire.call(caller, "commit", () =>
          this.#change(sku, (shelf, nowMs) => this.#commit(shelf, holdId, nowMs)),
        ),
      release: (holdId: string) =>
        wire.call(caller, "release", () =>
          this.#change(sku, ({ book }, nowMs) => book.release(holdId, nowMs)),
        ),
      takeBack: (holdId: string, reason: string) =>
        wire.call(caller, "take_back", () =>
          this.#change(sku, (shelf, nowMs) => this.#takeBack(shelf, { holdId, reason }, nowMs)),
        ),
    });
    return { SKU_STOCK: { getByName: stub } } as unknown as InventoryEnv;
  }

  #hold(sku: string, { holdId, quantity, ttlMs }: Hold) {
    return this.#change(sku, ({ book, store }, nowMs) => {
      book.expire(nowMs, EXPIRED_AT_ONCE);
      if (this.#parts.bug === "check_then_allocate") store.setBackorder(true);
      return book.hold(holdId, quantity, nowMs + ttlMs, nowMs);
    });
  }

  #commit({ book, store, storage }: Shelf, holdId: string, nowMs: number) {
    const { bug } = this.#parts;
    const hold = store.findHold(holdId);
    if (bug === "commit_without_fence" && hold?.status === "expired") {
      for (const part of store.partsOf(holdId)) {
        const entry = { ...part, kind: "commit", reference: holdId, reason: "" } as const;
        store.appendLedger(entry, nowMs);
        storage.sql.exec("UPDATE stock SET may_owe = 1, on_hand = on_hand - ?", part.quantity);
      }
      store.endHold(holdId, "committed", nowMs);
      return ok({ holdId });
    }
    const committed = book.commit(holdId, nowMs);
    if (bug === "release_after_commit" && committed.ok) {
      const [part] = store.partsOf(holdId);
      const entry = { ...part!, kind: "release", reference: holdId, reason: "" } as const;
      store.appendLedger(entry, nowMs);
    }
    return committed;
  }

  #takeBack(
    { book, store }: Shelf,
    { holdId, reason }: { holdId: string; reason: string },
    nowMs: number,
  ): number {
    const { bug } = this.#parts;
    if (bug === "stock_never_returned") return 0;
    const back = book.takeBack(holdId, reason, nowMs);
    if (!back.ok) throw new Error("sold goods must find room again");
    if (bug === "stock_returned_twice" && back.value > 0) {
      this.#returns += 1;
      const movementId = `return:${holdId}#${this.#returns}`;
      const again = { movementId, kind: "return", delta: store.soldBy(holdId), reason } as const;
      book.move(again, nowMs);
    }
    return back.value;
  }

  #change<T>(sku: string, change: (shelf: Shelf, nowMs: number) => T): T {
    const shelf = this.#shelves.get(sku)!;
    const nowMs = this.#parts.timeline.nowMs + this.#parts.skewMs();
    return shelf.storage.transactionSync(() => change(shelf, nowMs));
  }
}
