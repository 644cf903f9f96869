import type { Position } from "./cursor.ts";
import type { Sort } from "./model.ts";

export type ListPlace = {
  sort: Sort;
  filters: { minPriceMinor?: number | undefined; maxPriceMinor?: number | undefined };
  /** Where the page before ended. */
  after: Position | undefined;
  /** The sort price that the page ends with; none where the list ends with the page. */
  lastPriceMinor: number | undefined;
};

/**
 * The stretch of prices that decides what a page of a list shows: a product whose price enters or
 * leaves it may change the page, any other cannot. Undefined where prices decide nothing.
 */
export function shownPrices({
  sort,
  filters,
  after,
  lastPriceMinor,
}: ListPlace): { fromMinor: number; toMinor: number } | undefined {
  const fromMinor = filters.minPriceMinor ?? 0;
  const toMinor = filters.maxPriceMinor ?? Number.MAX_SAFE_INTEGER;
  const key = typeof after?.key === "number" ? after.key : undefined;
  switch (sort) {
    case "price":
      return {
        fromMinor: Math.max(fromMinor, key ?? 0),
        toMinor: Math.min(toMinor, lastPriceMinor ?? toMinor),
      };
    case "-price":
      return {
        fromMinor: Math.max(fromMinor, lastPriceMinor ?? 0),
        toMinor: Math.min(toMinor, key ?? toMinor),
      };
    default:
      return filters.minPriceMinor === undefined && filters.maxPriceMinor === undefined
        ? undefined
        : { fromMinor, toMinor };
  }
}
