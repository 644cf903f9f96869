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
  const reach = backorder ? balanceOf(shelves) + STOCK_MAX : availableOf(shelves);
  const quantity = wants.reduce((sum, want) => sum + want.quantity, 0);
  const short = wants.find((want) => missingAt(want, shelves, backorder) > 0);
  if (quantity > reach || short) return err(shortfall(shelves, short));

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
    // Two wants of one location may each fit and not both.
    if (missing > 0 && isBound(want) && !mayOwe(want, backorder)) {
      return err(shortfall(shelves, want));
    }
    take(DEFAULT_LOCATION, missing);
  }
  const parts = [...takes].map(([location, part]) => ({ location, quantity: part }));
  return ok(parts.sort(byLocation));
}

const boundTo = ({ from }: Want): Location | undefined =>
  from && "only" in from ? from.only : undefined;

const isBound = (want: Want): boolean => boundTo(want) !== undefined;

/** What has one location may be owed only where debts are kept. */
const mayOwe = (want: Want, backorder: boolean): boolean =>
  backorder && boundTo(want) === DEFAULT_LOCATION;

function missingAt(want: Want, shelves: readonly Shelf[], backorder: boolean): number {
  const bound = boundTo(want);
  if (bound === undefined || mayOwe(want, backorder)) return 0;
  return want.quantity - canGive(shelves, bound);
}

const canGive = (shelves: readonly Shelf[], at: Location): number =>
  availableAt(shelves).find(({ location }) => location === at)?.available ?? 0;

function shortfall(shelves: readonly Shelf[], want: Want | undefined): Shortfall {
  const location = want && boundTo(want);
  const available = location ? canGive(shelves, location) : availableOf(shelves);
  return { code: "insufficient_stock", available, ...(location && { location }) };
}

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

/**
 * Where goods that came back belong: where the sale took them, less what of it is back already, in the
 * order in which holds take. What no sale accounts for arrives at the default location.
 */
export function planReturn(
  sold: readonly Take[],
  returned: readonly Take[],
  quantity: number,
): Take[] {
  const away = new Map<Location, number>();
  const add = (location: Location, part: number) =>
    away.set(location, (away.get(location) ?? 0) + part);
  for (const { location, quantity: part } of sold) add(location, part);
  for (const { location, quantity: part } of returned) add(location, -part);
  const parts = new Map<Location, number>();
  let missing = quantity;
  for (const location of inOrder([...away.keys()], undefined)) {
    const part = Math.min(missing, Math.max(0, away.get(location) ?? 0));
    if (part > 0) parts.set(location, part);
    missing -= part;
  }
  if (missing > 0) parts.set(DEFAULT_LOCATION, (parts.get(DEFAULT_LOCATION) ?? 0) + missing);
  return [...parts].map(([location, part]) => ({ location, quantity: part }));
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
