import type { LedgerEntry, ShopperLimit, Take, Want } from "../model.ts";
import type { Shelf } from "../stock.ts";
import type { HoldRoute, Place } from "./layout.ts";
import type { Give, ShardReport } from "./transfers.ts";

/** The rules that the whole gives its shards for one era. */
export type ShardTerms = {
  era: number;
  openedAtMs: number;
  byBuyer: boolean;
  limit: ShopperLimit | null;
  /** Others may have sold to the same shoppers before: ask them what they count. */
  asksBuyers: boolean;
};

/**
 * A shard that is dry asks for what these holds want, oldest first. `ask` numbers the transfer. A closed
 * shard gets only what it needs to sell a hold that lapsed there.
 */
export type SupplyRequest = {
  place: Place;
  ask: number;
  wants: (readonly Want[])[];
  lapsed?: boolean;
};
/**
 * `terms` while the shard belongs to the SKU's era. `isExhausted`: every shard was asked after the request
 * came, and what was left is in `give`.
 */
export type Supply = {
  terms: ShardTerms | undefined;
  give: Give | undefined;
  isExhausted: boolean;
};

export type LendRequest = {
  ask: number;
  how: "half" | "all";
  /** The newest transfer to the shard, in case its answer was lost. */
  delivered?: Give;
  /** The era that ends with this request. */
  close?: number;
};
export type Lent = { give: Give | undefined; report: ShardReport };

/** `bar`: when nobody knows the hold, nobody shall ever make it. */
export type Question = HoldRoute & { from: Place; bar?: boolean };
/** Where the hold is known, if anywhere; and what other objects count for the buyer. */
export type Consulted = { place?: Place; bought: number };

export type Sale = { holdId: string; movementIds: readonly string[] };
export type ShardView = {
  report: ShardReport;
  shelves: Shelf[];
  loose: Take[];
  ledger: LedgerEntry[];
};

/** What the whole asks of a shard. Everything may be repeated. */
export type ShardPort = {
  lend(request: LendRequest): Promise<Lent>;
  adopt(terms: ShardTerms): Promise<void>;
  knows(holdId: string): Promise<boolean>;
  unitsOf(buyer: string, sinceMs: number): Promise<number>;
  inspect(): Promise<ShardView>;
  movementsOf(sale: Sale): Promise<LedgerEntry[]>;
};

/** What a shard asks of the whole. Everything may be repeated. */
export type WholePort = {
  supply(request: SupplyRequest): Promise<Supply>;
  consult(question: Question): Promise<Consulted>;
  report(place: Place, report: ShardReport, holds: number): Promise<void>;
};
