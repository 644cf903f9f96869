import { expect } from "vitest";
import type { World } from "./world.ts";

type Entry = { kind: string; quantity: number; location: string; reference: string };
type Shelf = { location: string; onHand: number; held: number };

const ENTRIES = "SELECT kind, quantity, location, reference FROM ledger";
const SHELVES = "SELECT location, on_hand AS onHand, held FROM stock";

const sum = (values: readonly { quantity: number }[]) =>
  values.reduce((total, { quantity }) => total + quantity, 0);
const ofKind = (entries: readonly Entry[], ...kinds: string[]) =>
  sum(entries.filter(({ kind }) => kinds.includes(kind)));

/**
 * What must hold at every instant, whoever is dead: each ledger folds to its shelves, at each location;
 * each transfer is out once, and in at most once; each hold is sold in one place at most.
 */
export function assertConserved(world: World): void {
  const entries = world.rows<Entry>(ENTRIES);
  const shelves = world.rows<Shelf>(SHELVES);
  for (const { node, location, onHand, held } of shelves) {
    const own = entries.filter((each) => each.node === node && each.location === location);
    const moved = ofKind(own, "receive", "adjust", "return", "transfer");
    const folded = {
      onHand: moved - ofKind(own, "commit"),
      held: ofKind(own, "hold") - ofKind(own, "release", "expire", "commit"),
    };
    expect({ node, location, onHand, held }).toEqual({ node, location, ...folded });
    expect(onHand).toBeGreaterThanOrEqual(held);
  }
  const transfers = Map.groupBy(
    entries.filter(({ kind }) => kind === "transfer"),
    ({ reference, location }) => `${reference} ${location}`,
  );
  for (const [name, ends] of transfers) {
    const quantities = ends.map(({ quantity }) => quantity).sort((a, b) => a - b);
    const isSound =
      (quantities.length === 1 && quantities[0]! < 0) ||
      (quantities.length === 2 && quantities[0]! + quantities[1]! === 0);
    expect(isSound ? name : `${name}: ${quantities}`).toBe(name);
  }
  const sold = Map.groupBy(
    entries.filter(({ kind }) => kind === "commit"),
    ({ reference }) => reference,
  );
  for (const [holdId, commits] of sold) {
    expect([holdId, new Set(commits.map(({ node }) => node)).size]).toEqual([holdId, 1]);
    const locations = commits.map(({ location }) => location);
    expect(new Set(locations).size).toBe(locations.length);
  }
  const holding = world.rows<{ holdId: string }>(
    "SELECT hold_id AS holdId FROM hold WHERE status IN ('held', 'committed')",
  );
  const ids = holding.map(({ holdId }) => holdId);
  expect(ids.length).toBe(new Set(ids).size);
}

/** Units by what became of them, over all objects; `inFlight` are between two of them. */
export function totals(world: World) {
  const entries = world.rows<Entry>(ENTRIES);
  const shelves = world.rows<Shelf>(SHELVES);
  const onHand = shelves.reduce((total, shelf) => total + shelf.onHand, 0);
  const held = shelves.reduce((total, shelf) => total + shelf.held, 0);
  const inFlight = 0 - ofKind(entries, "transfer");
  return {
    onHand: onHand + inFlight,
    held,
    free: onHand + inFlight - held,
    inFlight,
    sold: ofKind(entries, "commit"),
    moved: ofKind(entries, "receive", "adjust", "return"),
  };
}
