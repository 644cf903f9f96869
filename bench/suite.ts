import type { Generator } from "./load/generator.ts";
import type { BenchShop } from "./shop/start-bench-shop.ts";

/** How long and how much: a quick run shows that all works, a full one gives figures to quote. */
export type Scale = {
  pairs: number;
  /** Turns of each side in a pair, and how long one takes. */
  turns: number;
  turnMs: number;
  /** Pages that are read once per turn. */
  pagesPerTurn: number;
  connections: number;
  /** How long a shop is left alone after it was loaded or purged. */
  settleMs: number;
  views: number;
  cachedPages: number;
  repriced: number;
  tagPurges: number;
  saleMs: number;
  salePerSecond: number;
  saleProducts: number;
  rushMs: number;
  lonePurchases: number;
  /** Wrong passwords of known addresses, and as many of unknown ones. */
  refusals: number;
};

export const FULL: Scale = {
  pairs: 5,
  turns: 8,
  turnMs: 250,
  pagesPerTurn: 200,
  connections: 16,
  settleMs: 11_000,
  views: 20_000,
  cachedPages: 60_000,
  repriced: 500,
  tagPurges: 20,
  saleMs: 60_000,
  salePerSecond: 2_000,
  saleProducts: 10_000,
  rushMs: 30_000,
  lonePurchases: 100,
  refusals: 1_000,
};

export const QUICK: Scale = {
  pairs: 2,
  turns: 2,
  turnMs: 100,
  pagesPerTurn: 20,
  connections: 4,
  settleMs: 1_100,
  views: 300,
  cachedPages: 300,
  repriced: 20,
  tagPurges: 2,
  saleMs: 3_000,
  salePerSecond: 50,
  saleProducts: 200,
  rushMs: 2_000,
  lonePurchases: 5,
  refusals: 5,
};

export type SuiteContext = {
  shop: BenchShop;
  generator: Generator;
  scale: Scale;
  /** How many products the shop holds, and how many of them can be bought. */
  products: number;
  stocked: number;
  progress(text: string): void;
};

/** A line of the printed table. */
export type Row = { figure: string; value: string; peer?: string; ratio?: string };

export type SuiteResult = { rows: Row[]; figures: object };
export type Suite = (context: SuiteContext) => Promise<SuiteResult>;
