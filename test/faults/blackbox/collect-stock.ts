import type { Evidence } from "../evidence/evidence.ts";
import { allRows, objectFiles } from "./object-files.ts";

/** As an operator is told: over all shards, with what is on its way between two of them. */
export type StockTotals = { onHand: number; held: number };

type Entry = {
  sequence: number;
  atMs: number;
  kind: string;
  hold: string | null;
  quantity: number;
};
type Shelf = StockTotals & { entries: Entry[] };

/** Places and locations of a SKU are counted together here. */
const ALL = "all";
const KINDS: Record<string, string> = {
  receive: "RESTOCK",
  adjust: "RESTOCK",
  hold: "RESERVE",
  release: "RELEASE",
  expire: "EXPIRE",
  commit: "CONFIRM",
};
const SETS_FREE = new Set(["RESTOCK", "RETURN", "RELEASE", "EXPIRE"]);

/** The ledger of each SKU and what its shelves hold; of a split one, those of all its objects together. */
export function collectStock(
  evidence: Evidence,
  dir: string,
  views: ReadonlyMap<string, StockTotals>,
): void {
  const wholes = shelvesOf(dir, "SkuStockObject", (name) => name);
  // A shard is named by its SKU and its place, with a space in between.
  const shards = shelvesOf(dir, "StockShardObject", (name) => name.slice(0, name.lastIndexOf(" ")));
  for (const [sku, [whole]] of wholes) {
    const parts = shards.get(sku) ?? [];
    const entries = whole!.entries.concat(...parts.map((part) => part.entries));
    if (parts.length > 0) entries.sort(byTime);
    for (const [at, { hold, kind, quantity }] of entries.entries()) {
      evidence.add("inv", at + 1, sku, ALL, ALL, hold, kind, quantity);
    }
    const { onHand, held } = parts.length > 0 ? (views.get(sku) ?? whole!) : whole!;
    evidence.add("snap", sku, ALL, ALL, entries.length, onHand, held, 1);
  }
}

/** Of one moment, first what sets units free: elsewhere they can have been taken only after it. */
const byTime = (a: Entry, b: Entry): number =>
  a.atMs - b.atMs ||
  Number(SETS_FREE.has(b.kind)) - Number(SETS_FREE.has(a.kind)) ||
  a.sequence - b.sequence;

function shelvesOf(
  dir: string,
  className: string,
  skuOf: (name: string) => string,
): Map<string, Shelf[]> {
  const found = new Map<string, Shelf[]>();
  for (const { name, database } of objectFiles(dir, className)) {
    const sums = "SELECT SUM(on_hand) AS onHand, SUM(held) AS held FROM stock";
    const [sum] = allRows(database, sums);
    const rows = allRows(
      database,
      `SELECT sequence, kind, quantity, reference, occurred_at_ms AS atMs FROM ledger
       WHERE kind <> 'transfer' ORDER BY sequence`,
    );
    const entries = rows.map(({ sequence, kind, quantity, reference, atMs }) => ({
      sequence: Number(sequence),
      atMs: Number(atMs),
      quantity: Number(quantity),
      ...meaningOf(String(kind), String(reference)),
    }));
    const shelf = { onHand: Number(sum?.onHand ?? 0), held: Number(sum?.held ?? 0), entries };
    found.set(skuOf(name), [...(found.get(skuOf(name)) ?? []), shelf]);
  }
  return found;
}

/** Goods that a customer sent back are there to be sold again, as new ones are; an undone sale never was one. */
function meaningOf(kind: string, reference: string): Pick<Entry, "kind" | "hold"> {
  if (kind !== "return") {
    const known = KINDS[kind] ?? kind;
    return { kind: known, hold: known === "RESTOCK" ? null : reference };
  }
  const [, undone] = /^return:(.+)$/.exec(reference) ?? [];
  return undone ? { kind: "RETURN", hold: undone } : { kind: "RESTOCK", hold: null };
}
