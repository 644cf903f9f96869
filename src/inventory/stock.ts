import { assert } from "../shared/assert.ts";
import { err, ok, type Result } from "../shared/result.ts";
import {
  DEFAULT_LOCATION,
  LOCATIONS_MAX,
  type Location,
  type MoveError,
  STOCK_MAX,
  type Take,
  type TakeFrom,
  type Want,
} from "./model.ts";

/**
 * What lies at one location. `onHand - held` is what it can still give. It is negative only at the
 * default location and only through backorders: then it is the number of units owed.
 */
export type Shelf = { location: Location; onHand: number; held: number };

const free = ({ onHand, held }: Shelf): number => onHand - held;

/** Units free over all locations; negative by what is owed to backorders. */
export const balanceOf = (shelves: readonly Shelf[]): number =>
  shelves.reduce((sum, shelf) => sum + free(shelf), 0);

/** What may be promised without owing anything. */
export const availableOf = (shelves: readonly Shelf[]): number => Math.max(0, balanceOf(shelves));

/** The default location first, then by name: every hold takes in the same order. */
export const byLocation = (a: { location: string }, b: { location: string }): number => {
  if (a.location === b.location) return 0;
  if (a.location === DEFAULT_LOCATION) return -1;
  if (b.location === DEFAULT_LOCATION) return 1;
  return a.location < b.location ? -1 : 1;
};

type Shortfall = { code: "insufficient_stock"; available: number; location?: Location };

/**
 * Decides where a hold's units come from, all or nothing. Units that exist are taken first: those that
 * only one location may give, then the others, each from where it prefers and else in the usual order.
 * With backorders allowed the rest is owed at the default location, down to `-STOCK_MAX`; without,
 * what is owed already must be covered before anything new is promised.
 */
export function planHold(
  shelves: readonly Shelf[],
  wants: readonly Want[],
  backorder: boolean,
): Result<Take[], Shortfall> {
  const available = availableOf(shelves);
  const reach = backorder ? balanceOf(shelves) + STOCK_MAX : available;
  const quantity = wants.reduce((sum, want) => sum + want.quantity, 0);
  if (quantity > reach) return err({ code: "insufficient_stock", available });

  const left = new Map(shelves.map((shelf) => [shelf.location, Math.max(0, free(shelf))]));
  const takes = new Map<Location, number>();
  const take = (location: Location, part: number) =>
    part > 0 && takes.set(location, (takes.get(location) ?? 0) + part);
  // What may come from anywhere leaves whatever is there, so it can be planned last without a search.
  for (const want of [...wants].sort((a, b) => Number(isBound(b)) - Number(isBound(a)))) {
    let missing = want.quantity;
    for (const location of inOrder([...left.keys()], want.from)) {
      const part = Math.min(missing, left.get(location) ?? 0);
      take(location, part);
      left.set(location, (left.get(location) ?? 0) - part);
      missing -= part;
    }
    const bound = want.from && "only" in want.from ? want.from.only : undefined;
    if (missing > 0 && bound !== undefined && !(backorder && bound === DEFAULT_LOCATION)) {
      const there = shelves.find(({ location }) => location === bound);
      const can = there ? Math.max(0, Math.min(free(there), available)) : 0;
      return err({ code: "insufficient_stock", available: can, location: bound });
    }
    take(DEFAULT_LOCATION, missing);
  }
  const parts = [...takes].map(([location, part]) => ({ location, quantity: part }));
  return ok(parts.sort(byLocation));
}

const isBound = ({ from }: Want): boolean => from !== undefined && "only" in from;

function inOrder(locations: readonly Location[], from: TakeFrom | undefined): Location[] {
  if (from && "only" in from) return locations.filter((location) => location === from.only);
  const usual = locations.map((location) => ({ location })).sort(byLocation);
  const preferred = (from?.prefer ?? []).filter((location) => locations.includes(location));
  return [...new Set([...preferred, ...usual.map(({ location }) => location)])];
}

/** What each location can give; what covers a debt elsewhere is nobody's to give. */
export function availableAt(
  shelves: readonly Shelf[],
): { location: Location; available: number }[] {
  const all = availableOf(shelves);
  return shelves.map((shelf) => ({
    location: shelf.location,
    available: Math.max(0, Math.min(free(shelf), all)),
  }));
}

/** Reserves the parts of a hold. */
export const reserve = (shelves: readonly Shelf[], takes: readonly Take[]): Shelf[] =>
  change(shelves, takes, (shelf, quantity) => ({ ...shelf, held: shelf.held + quantity }));

/** Gives a hold's parts back. */
export const unreserve = (shelves: readonly Shelf[], takes: readonly Take[]): Shelf[] =>
  change(shelves, takes, (shelf, quantity) => ({ ...shelf, held: shelf.held - quantity }));

/** Sells a hold's parts: they leave the hold and the shelf together. */
export const sell = (shelves: readonly Shelf[], takes: readonly Take[]): Shelf[] =>
  change(shelves, takes, (shelf, quantity) => ({
    ...shelf,
    onHand: shelf.onHand - quantity,
    held: shelf.held - quantity,
  }));

/**
 * Adds or removes goods at one location. Goods that are held, or that cover what is owed elsewhere,
 * cannot be removed: they are promised.
 */
export function move(
  shelves: readonly Shelf[],
  { location, delta }: { location: string; delta: number },
): Result<Shelf[], MoveError> {
  const shelf = shelves.find((known) => known.location === location);
  const { onHand, held } = shelf ?? { onHand: 0, held: 0 };
  if (!shelf && shelves.length >= LOCATIONS_MAX) {
    return err({ code: "location_limit", max: LOCATIONS_MAX });
  }
  const total = shelves.reduce((sum, known) => sum + known.onHand, 0);
  if (delta > 0 && Math.max(total, onHand) + delta > STOCK_MAX) {
    return err({ code: "stock_limit", max: STOCK_MAX });
  }
  const promised = onHand + delta < held || balanceOf(shelves) + delta < 0;
  if (delta < 0 && promised) return err({ code: "stock_negative", onHand, held });
  return ok(
    change(shelves, [{ location, quantity: delta }], (known, quantity) => ({
      ...known,
      onHand: known.onHand + quantity,
    })),
  );
}

function change(
  shelves: readonly Shelf[],
  takes: readonly Take[],
  apply: (shelf: Shelf, quantity: number) => Shelf,
): Shelf[] {
  const next = new Map(shelves.map((shelf) => [shelf.location, shelf]));
  for (const { location, quantity } of takes) {
    const shelf = apply(next.get(location) ?? { location, onHand: 0, held: 0 }, quantity);
    assert(shelf.held >= 0, "more was freed than held");
    next.set(location, shelf);
  }
  return [...next.values()].sort(byLocation);
}
