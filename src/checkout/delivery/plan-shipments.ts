import type { LocatedAvailability, StockLocation } from "../../inventory/index.ts";
import type { PlannedShipment } from "../../orders/index.ts";
import type { DeliveryMode } from "../../shared/delivery-mode.ts";
import type { Sku } from "../../shared/ids.ts";
import type { CheckoutProblem } from "../model.ts";
import type { CartLine } from "../price-lines.ts";
import { byNearness, type Destination, serves } from "./nearest.ts";

/** What decides which shipments a cart becomes. */
export type DeliveryFacts = {
  mode: DeliveryMode;
  /** As the cart says; the address's where it says none. */
  postalCode: string | null;
  locations: readonly StockLocation[];
  /** Where goods are owed that may be back-ordered; none for a standard cart. */
  main: StockLocation | null;
  /** What lies where. Empty for a standard cart, whose stock is one. */
  stock: ReadonlyMap<Sku, LocatedAvailability>;
  /** The shipments that were agreed on: taken as they are, whatever the stock says since. */
  agreed?: readonly PlannedShipment[];
};

export const STANDARD_DELIVERY: DeliveryFacts = {
  mode: "standard",
  postalCode: null,
  locations: [],
  main: null,
  stock: new Map(),
};

/** Goods that leave together. Without a location it is decided when they are packed. */
export type ShipmentPart = { location: StockLocation | null; lines: CartLine[] };

type Plan = { parts: ShipmentPart[]; problems: CheckoutProblem[] };

/**
 * Which location sends what. Every unit of every line is in exactly one part, also what is missing: that
 * is named among the problems, and such a quote cannot be paid.
 */
export function planShipments(
  lines: readonly CartLine[],
  facts: DeliveryFacts,
  address: Destination,
): Plan {
  const all = { location: null, lines: [...lines] };
  if (lines.length === 0) return { parts: [all], problems: [] };
  if (facts.agreed) return { parts: agreedParts(lines, facts, facts.agreed), problems: [] };
  if (facts.mode === "standard") return { parts: [all], problems: [] };
  const destination = { ...address, postalCode: facts.postalCode ?? address.postalCode };
  const near = byNearness(
    facts.locations.filter(({ active }) => active),
    destination,
  );
  if (facts.mode === "split") return splitPlan(lines, facts, near);
  const local = near.filter(
    (location) =>
      serves(location, destination) &&
      (location.localDelivery !== null || location.pickup !== null),
  );
  if (local.length === 0) return { parts: [all], problems: [{ code: "location_unavailable" }] };
  return localPlan(lines, facts, local);
}

/** All from the nearest location that has all; where none has, the nearest one and what it lacks. */
function localPlan(
  lines: readonly CartLine[],
  { stock, main }: DeliveryFacts,
  local: readonly StockLocation[],
): Plan {
  const wanted = new Map<Sku, number>();
  for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
  const lacking = (location: StockLocation): CheckoutProblem[] =>
    [...wanted].flatMap(([sku, was]) => {
      const now = reachOf(stock.get(sku), location, main);
      const { code } = location;
      return now >= was ? [] : [{ code: "insufficient_stock", sku, location: code, was, now }];
    });
  const nearest = local[0]!;
  const location = local.find((candidate) => lacking(candidate).length === 0) ?? nearest;
  return { parts: [{ location, lines: [...lines] }], problems: lacking(location) };
}

/**
 * From as few locations as a greedy choice finds: again and again the one that can send most of what is
 * left, the nearer of two. What nobody has is owed by `default` where the SKU may be back-ordered.
 */
function splitPlan(
  lines: readonly CartLine[],
  { stock, main }: DeliveryFacts,
  near: readonly StockLocation[],
): Plan {
  const open = near.filter(({ ships }) => ships);
  const left = lines.map((line) => ({ ...line }));
  const parts: ShipmentPart[] = [];
  for (const _ of near) {
    const takes = open.map((location) => ({ location, lines: takable(left, stock, location) }));
    const best = takes.reduce<ShipmentPart | undefined>(
      (most, each) => (unitsOf(each.lines) > (most ? unitsOf(most.lines) : 0) ? each : most),
      undefined,
    );
    if (!best) break;
    parts.push(best);
    open.splice(open.indexOf(best.location!), 1);
    for (const { lineId, quantity } of best.lines) {
      left.find((line) => line.lineId === lineId)!.quantity -= quantity;
    }
  }
  const missing = left.filter(({ quantity }) => quantity > 0);
  const owed = missing.filter(({ sku }) => main && stock.get(sku)?.backorder);
  const short = missing.filter((line) => !owed.includes(line));
  add(parts, main, owed);
  add(parts, parts[0]?.location ?? near[0] ?? main, short);
  const problems = short.map(({ sku, lineId, quantity }) => {
    const was = lines.find((line) => line.lineId === lineId)!.quantity;
    return { code: "insufficient_stock" as const, sku, was, now: was - quantity };
  });
  return { parts, problems };
}

/** What of these lines one location can send; two lines of a SKU share what lies there. */
function takable(
  lines: readonly CartLine[],
  stock: DeliveryFacts["stock"],
  { code }: StockLocation,
): CartLine[] {
  const used = new Map<Sku, number>();
  return lines.flatMap((line) => {
    const free = availableAt(stock.get(line.sku), code) - (used.get(line.sku) ?? 0);
    const quantity = Math.min(line.quantity, free);
    if (quantity <= 0) return [];
    used.set(line.sku, (used.get(line.sku) ?? 0) + quantity);
    return [{ ...line, quantity }];
  });
}

/** Adds units to the part of a location, line by line; makes the part where there is none. */
function add(
  parts: ShipmentPart[],
  location: StockLocation | null,
  lines: readonly CartLine[],
): void {
  if (lines.length === 0) return;
  const part = parts.find((each) => each.location?.code === location?.code);
  if (!part) {
    parts.push({ location, lines: lines.map((line) => ({ ...line })) });
    return;
  }
  for (const line of lines) {
    const known = part.lines.find(({ lineId }) => lineId === line.lineId);
    if (known) known.quantity += line.quantity;
    else part.lines.push({ ...line });
  }
}

/** The agreed split, over the lines as they are now. A location that was retired is none. */
function agreedParts(
  lines: readonly CartLine[],
  { locations }: DeliveryFacts,
  agreed: readonly PlannedShipment[],
): ShipmentPart[] {
  return agreed.map((shipment) => ({
    location:
      locations.find(({ code, active }) => active && code === shipment.location?.code) ?? null,
    lines: shipment.lines.flatMap(({ lineId, quantity }) => {
      const line = lines.find((each) => each.lineId === lineId);
      return line ? [{ ...line, quantity }] : [];
    }),
  }));
}

const unitsOf = (lines: readonly CartLine[]): number =>
  lines.reduce((sum, { quantity }) => sum + quantity, 0);

/** What a location can promise of a SKU: the main one owes what may be back-ordered. */
function reachOf(
  stock: LocatedAvailability | undefined,
  { code }: StockLocation,
  main: StockLocation | null,
): number {
  if (stock?.backorder && code === main?.code) return Number.POSITIVE_INFINITY;
  return availableAt(stock, code);
}

const availableAt = (stock: LocatedAvailability | undefined, code: string): number =>
  stock?.locations.find(({ location }) => location === code)?.available ?? 0;
