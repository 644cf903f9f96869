import type { Take, Want } from "../model.ts";
import { balanceOf, planHold, reserve, type Shelf } from "../stock.ts";

/**
 * What a shard gets that asks for the wants of some holds, oldest first: whole wants, as many as can be
 * met, and one part in `shareOf` of what is left, so that it need not ask for each hold. The part shrinks
 * with the rest, so no shard is full while another is dry. `met` is whether every want was.
 */
export function planGive(
  shelves: readonly Shelf[],
  holds: readonly (readonly Want[])[],
  shareOf: number,
): { parts: Take[]; met: boolean } {
  let rest = shelves;
  let met = true;
  const take = (wants: readonly Want[]): boolean => {
    const planned = planHold(rest, wants, false);
    if (planned.ok) rest = reserve(rest, planned.value);
    return planned.ok;
  };
  for (const wants of holds) met = take(wants) && met;
  const share = Math.floor(balanceOf(rest) / shareOf);
  if (share > 0) take([{ quantity: share }]);
  return { parts: difference(shelves, rest), met };
}

/** What a shard lends to its siblings: half of what is free at each location, or everything. */
export function planLend(shelves: readonly Shelf[], how: "half" | "all"): Take[] {
  return shelves.flatMap(({ location, onHand, held }) => {
    const quantity = how === "all" ? onHand - held : Math.ceil((onHand - held) / 2);
    return quantity > 0 ? [{ location, quantity }] : [];
  });
}

function difference(before: readonly Shelf[], after: readonly Shelf[]): Take[] {
  const heldBefore = new Map(before.map(({ location, held }) => [location, held]));
  return after.flatMap(({ location, held }) => {
    const quantity = held - (heldBefore.get(location) ?? 0);
    return quantity > 0 ? [{ location, quantity }] : [];
  });
}
