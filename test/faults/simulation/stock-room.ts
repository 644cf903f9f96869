import {
  commitAll,
  holdAll,
  releaseAll,
  restock,
  takeBackAll,
} from "../../../src/inventory/hold-stock.ts";
import type { Hold, PutBack, StockPolicy } from "../../../src/inventory/model.ts";
import { type Place, placeInName, WHOLE } from "../../../src/inventory/shards/layout.ts";
import { StockBook } from "../../../src/inventory/stock-book.ts";
import { StockStore } from "../../../src/inventory/stock-store.ts";
import type { InventoryEnv } from "../../../src/inventory/stub.ts";
import type { Restock } from "../../../src/orders/restock-returns.ts";
import type { TakeBackAll } from "../../../src/orders/return-stock.ts";
import { DependencyDown, weatherBehind } from "../../../src/platform/dependency.ts";
import type { Meter } from "../../../src/platform/telemetry/meter.ts";
import type { Sku } from "../../../src/shared/ids.ts";
import { err, ok } from "../../../src/shared/result.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller } from "./faults.ts";
import { hasStock, type StockNode, StockObjects, type StockParts } from "./stock-objects.ts";

/** Counts nothing: round trips are another proof's business. */
export const METER = {
  step: <T>(_kind: string, call: () => Promise<T>) => call(),
} as unknown as Meter;

const LEDGER_KINDS: Record<string, string> = {
  receive: "RESTOCK",
  return: "RETURN",
  hold: "RESERVE",
  release: "RELEASE",
  expire: "EXPIRE",
  commit: "CONFIRM",
  transfer: "TRANSFER",
};
/** Bugs of a shop that never asks whether what it held was still there. */
const TRUSTING = new Set<Bug | undefined>(["commit_ignores_lost_hold", "partial_hold_accepted"]);
const POLICY_TRIES_MAX = 4;

type End = { holdId: string; skus: readonly Sku[]; buyer: string };

/** The product's stock objects and its fan-out over the SKUs of an order. */
export class StockRoom {
  readonly #objects: StockObjects;
  readonly #parts: StockParts;
  #returns = 0;

  constructor(parts: StockParts) {
    this.#parts = parts;
    this.#objects = new StockObjects(parts);
  }

  /** A SKU with a policy is one that may be split while the world goes on. */
  async open(sku: Sku, quantity: number, policy?: StockPolicy): Promise<void> {
    if (policy) this.#objects.maySplit(sku);
    const backorder = this.#parts.bug === "check_then_allocate";
    const opening = { movementId: "opening", quantity, backorder };
    await this.#objects.enter(this.#whole(sku), (whole) => whole.openStock(opening), false);
    if (policy && !backorder) {
      await this.#objects.enter(this.#whole(sku), (whole) => whole.setPolicy(policy), false);
    }
  }

  /** What an operator does, who tries again when the answer does not come, and not for ever. */
  async declare(sku: Sku, policy: StockPolicy): Promise<void> {
    const { wire, bug } = this.#parts;
    if (bug === "check_then_allocate") return;
    const operator = { isAlive: () => true, crash: () => {} };
    for (let tries = 0; tries < POLICY_TRIES_MAX; tries += 1) {
      try {
        await wire.call(operator, "policy", () =>
          this.#objects.enter(this.#whole(sku), (whole) => whole.setPolicy(policy)),
        );
        return;
      } catch (error) {
        if (!weatherBehind(error)) this.#parts.thrown("policy", error);
      }
    }
  }

  /** What lies anywhere for anybody, by the shelves and by what is between two of them. */
  available(sku: Sku): number {
    return this.#filled(sku).reduce((sum, { storage }) => {
      const free = "SELECT COALESCE(SUM(on_hand - held), 0) AS units FROM stock";
      const moved =
        "SELECT COALESCE(SUM(quantity), 0) AS units FROM ledger WHERE kind = 'transfer'";
      const unitsOf = (query: string) => storage.sql.exec<{ units: number }>(query).one().units;
      return sum + unitsOf(free) - unitsOf(moved);
    }, 0);
  }

  /** The product's own calls over all SKUs of an order, as this caller makes them. */
  for(caller: Caller) {
    const env = this.#env(caller);
    return {
      hold: async (request: Parameters<typeof holdAll>[2]) => {
        const held = await holdAll(env, METER, request);
        return this.#parts.bug === "partial_hold_accepted" ? ok(null) : held;
      },
      commit: async (end: End): Promise<readonly Sku[]> => {
        const committed = await commitAll(env, METER, end);
        if (committed.ok || TRUSTING.has(this.#parts.bug)) return [];
        return committed.error.skus;
      },
      release: (end: End) =>
        this.#parts.bug === "release_forgotten" ? Promise.resolve() : releaseAll(env, METER, end),
      restock: (async (goods) => {
        if (this.#parts.bug === "returned_goods_lost") return;
        await restock(env, METER, goods);
        if (this.#parts.bug !== "restocked_twice") return;
        await restock(env, METER, { ...goods, returnId: `${goods.returnId}again` });
      }) satisfies Restock,
      takeBack: ((request) => takeBackAll(env, METER, request)) satisfies TakeBackAll,
    };
  }

  snapshot(evidence: Evidence, isFinal: boolean): void {
    for (const { sku, place, storage } of this.#filled()) {
      const { sequence } = storage.sql
        .exec<{ sequence: number }>("SELECT COALESCE(MAX(sequence), 0) AS sequence FROM ledger")
        .one();
      const shelves = storage.sql.exec<{ location: string; onHand: number; held: number }>(
        "SELECT location, on_hand AS onHand, held FROM stock ORDER BY location",
      );
      for (const { location, onHand, held } of shelves) {
        evidence.add("snap", sku, place, location, sequence, onHand, held, Number(isFinal));
      }
    }
  }

  tell(evidence: Evidence): void {
    for (const { sku, place, storage } of this.#filled()) {
      const rows = storage.sql.exec<{
        sequence: number;
        kind: string;
        quantity: number;
        location: string;
        reference: string;
      }>("SELECT sequence, kind, quantity, location, reference FROM ledger ORDER BY sequence");
      for (const { sequence, kind, quantity, location, reference } of rows) {
        const about = kind === "receive" ? null : reference.replace(/^return:/, "").split("#")[0]!;
        // Goods that came back are there to be sold again, as new ones are.
        const isRestock = kind === "return" && reference.startsWith("restock:");
        const what = [about, isRestock ? "RESTOCK" : LEDGER_KINDS[kind]!, quantity];
        evidence.add("inv", sequence, sku, place, location, ...what);
      }
    }
  }

  close = (): void => this.#objects.close();

  #whole = (sku: Sku): StockNode => this.#objects.node(sku, WHOLE);

  #filled(sku?: Sku): StockNode[] {
    return this.#objects
      .nodes()
      .filter((node) => (sku === undefined || node.sku === sku) && hasStock(node));
  }

  #env(caller: Caller): InventoryEnv {
    const shard = (name: string) => {
      const { sku, place } = placeInName(name);
      return this.#stub(caller, sku as Sku, place);
    };
    return {
      SKU_STOCK: { getByName: (sku: Sku) => this.#stub(caller, sku, WHOLE) },
      SKU_SHARD: { getByName: shard },
    } as unknown as InventoryEnv;
  }

  #stub(caller: Caller, sku: Sku, place: Place) {
    const { wire, timeline, bug } = this.#parts;
    const node = this.#objects.node(sku, place);
    return {
      hold: async (hold: Hold) => {
        if (wire.strikes("F8 part of a fan-out", 0.01)) throw new DependencyDown("object");
        if (bug === "check_then_allocate") {
          if (this.available(sku) < hold.quantity) {
            return err({ code: "insufficient_stock", available: 0 });
          }
          await timeline.sleep(200);
        }
        return wire.call(caller, "hold", () =>
          this.#objects.enter(node, (stock) => stock.hold(hold)),
        );
      },
      commit: (holdId: string, buyer?: string) =>
        wire.call(caller, "commit", () => this.#commit(node, holdId, buyer)),
      release: (holdId: string, buyer?: string) =>
        wire.call(caller, "release", () =>
          this.#objects.enter(node, (stock) => stock.release(holdId, buyer)),
        ),
      putBack: (back: PutBack) =>
        wire.call(caller, "put_back", () =>
          this.#objects.enter(node, (stock) => stock.putBack(back)),
        ),
      takeBack: (holdId: string, reason: string) =>
        wire.call(caller, "take_back", () => this.#takeBack(node, { holdId, reason })),
    };
  }

  async #commit(node: StockNode, holdId: string, buyer?: string) {
    const { bug } = this.#parts;
    const commit = () => this.#objects.enter(node, (stock) => stock.commit(holdId, buyer));
    if (!hasStock(node)) return commit();
    const store = new StockStore(node.storage.sql);
    const hold = store.findHold(holdId);
    if (bug === "commit_without_fence" && hold?.status === "expired") {
      for (const part of store.partsOf(holdId)) {
        const entry = { ...part, kind: "commit", reference: holdId, reason: "" } as const;
        store.appendLedger(entry, this.#parts.timeline.nowMs);
        const update = "UPDATE stock SET may_owe = 1, on_hand = on_hand - ? WHERE location = ?";
        node.storage.sql.exec(update, part.quantity, part.location);
      }
      store.endHold(holdId, "committed", this.#parts.timeline.nowMs);
      return ok({ holdId });
    }
    const committed = await commit();
    if (bug === "release_after_commit" && committed.ok) {
      const [part] = store.partsOf(holdId);
      const entry = { ...part!, kind: "release", reference: holdId, reason: "" } as const;
      store.appendLedger(entry, this.#parts.timeline.nowMs);
    }
    return committed;
  }

  async #takeBack(node: StockNode, { holdId, reason }: { holdId: string; reason: string }) {
    const { bug } = this.#parts;
    if (bug === "stock_never_returned") return 0;
    const back = await this.#objects.enter(node, (stock) => stock.takeBack(holdId, reason));
    if (bug === "stock_returned_twice" && typeof back === "number" && back > 0) {
      this.#returns += 1;
      const movementId = `return:${holdId}#${this.#returns}`;
      const again = { movementId, kind: "return", delta: back, reason } as const;
      new StockBook(new StockStore(node.storage.sql)).move(again, this.#parts.timeline.nowMs);
    }
    return back;
  }
}
