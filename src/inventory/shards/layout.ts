import type { Sku } from "../../shared/ids.ts";

export const SHARDS_MAX = 32;

/** The object that is named by the SKU alone: all of a plain SKU, the coordinator of a sharded one. */
export const WHOLE = "whole";
/** Where something of a SKU is kept: `WHOLE`, or a shard as `<count>.<index>`. */
export type Place = string;

/**
 * How new holds of a SKU are spread: over `shards` objects, or at the whole when it is 0. By the buyer
 * where shoppers are limited, so that one object counts all of one shopper's; else by the hold's id.
 */
export type Spread = { shards: number; byBuyer: boolean };
export type HoldRoute = { holdId: string; buyer?: string | undefined };

/** A place has no spaces, so the last one ends the SKU; shards have a namespace of their own. */
export const objectName = (sku: Sku, place: Place): string =>
  place === WHOLE ? sku : `${sku} ${place}`;

export function placeInName(name: string): { sku: string; place: Place } {
  const cut = name.lastIndexOf(" ");
  return { sku: name.slice(0, cut), place: name.slice(cut + 1) };
}

export const shardsOf = (place: Place): number => Number(place.split(".")[0]);

const placeOf = (shards: number, index: number): Place => `${shards}.${index}`;

export function placeFor({ shards, byBuyer }: Spread, { holdId, buyer }: HoldRoute): Place {
  if (shards === 0) return WHOLE;
  return placeOf(shards, hash((byBuyer ? buyer : undefined) ?? holdId) % shards);
}

/** Every place that could have taken this hold while the SKU was spread like that. */
export function placesFor(spread: Spread, route: HoldRoute): Place[] {
  const isCertain = !spread.byBuyer || route.buyer !== undefined;
  if (isCertain) return [placeFor(spread, route)];
  return Array.from({ length: spread.shards }, (_, index) => placeOf(spread.shards, index));
}

/** FNV-1a with a final mix, because ids that differ only at their ends must land apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 16), 0x45d9f3b);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The answer of an object that another one has to be asked instead; where, and how to go on from now. */
export type Elsewhere = {
  ok: false;
  error: { code: "elsewhere"; place: Place; spread: Spread };
};

export const elsewhere = (place: Place, spread: Spread): Elsewhere => ({
  ok: false,
  error: { code: "elsewhere", place, spread },
});

/**
 * What the whole keeps of how it is spread. An era is one opening of shards; its number only grows.
 * `declared` is the operator's word: a count, 1 for never, `null` for what the load needs.
 */
export type Layout = Spread & {
  era: number;
  openedAtMs: number;
  /** The last era was over then; 0 while none was. */
  closedAtMs: number;
  isClosing: boolean;
  declared: number | null;
};

export const NEVER_SHARDED: Layout = {
  shards: 0,
  byBuyer: false,
  era: 0,
  openedAtMs: 0,
  closedAtMs: 0,
  isClosing: false,
  declared: null,
};

/**
 * Clocks of two objects may differ by less than this. A hold whose id was first used later than this
 * after the last change of the layout cannot be known anywhere else.
 */
const CLOCKS_DIFFER_MS = 5_000;

export const mayBeOlder = (startedAtMs: number | undefined, changedAtMs: number): boolean =>
  startedAtMs === undefined || startedAtMs < changedAtMs + CLOCKS_DIFFER_MS;
