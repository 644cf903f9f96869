import { assert } from "../shared/assert.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { DEFAULT_LOCATION, LOCATIONS_MAX, type MoveError, STOCK_MAX } from "./model.ts";

/**
 * What lies at one location. `onHand - held` is what it can still give. It is negative only at the
 * default location and only through backorders: then it is the number of units owed.
 */
export type Shelf = { location: string; onHand: number; held: number };
/** The part of a hold that one location gives. */
export type Take = { location: string; quantity: number };

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

/**
 * Decides where a hold's units come from, all or nothing. Units that exist are taken first. With
 * backorders allowed the rest is owed at the default location, down to `-STOCK_MAX`; without, what
 * is owed already must be covered before anything new is promised.
 */
export function planHold(
  shelves: readonly Shelf[],
  quantity: number,
  backorder: boolean,
): Result<Take[], { code: "insufficient_stock"; available: number }> {
  const available = availableOf(shelves);
  const reach = backorder ? balanceOf(shelves) + STOCK_MAX : available;
  if (quantity > reach) return err({ code: "insufficient_stock", available });

  const takes: Take[] = [];
  let left = quantity;
  for (const shelf of [...shelves].sort(byLocation)) {
    const part = Math.min(left, Math.max(0, free(shelf)));
    if (part > 0) takes.push({ location: shelf.location, quantity: part });
    left -= part;
  }
  return ok(left > 0 ? owe(takes, left) : takes);
}

function owe(takes: readonly Take[], quantity: number): Take[] {
  const [first, ...rest] = takes;
  if (first?.location !== DEFAULT_LOCATION) {
    return [{ location: DEFAULT_LOCATION, quantity }, ...takes];
  }
  return [{ location: DEFAULT_LOCATION, quantity: first.quantity + quantity }, ...rest];
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
