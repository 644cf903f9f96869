import type { StockLocation } from "../../inventory/index.ts";
import { normalPostalCode } from "../../shared/postal-code.ts";

/** Where goods are wanted. */
export type Destination = { country: string; postalCode: string };

/** Whether a location serves a postal code: delivers to it, or is the shop around the corner. */
export const serves = (location: StockLocation, destination: Destination): boolean =>
  servedPrefix(location, destination) > 0;

/**
 * Locations from near to far. Nearest is who serves the longest part of the postal code; after that who
 * stands in the same country, then who goes first by the operator's word, then by code.
 */
export function byNearness(
  locations: readonly StockLocation[],
  destination: Destination,
): StockLocation[] {
  const ranked = locations.map((location) => ({
    location,
    prefix: servedPrefix(location, destination),
    abroad: location.country === destination.country ? 0 : 1,
  }));
  ranked.sort(
    (a, b) =>
      b.prefix - a.prefix ||
      a.abroad - b.abroad ||
      a.location.priority - b.location.priority ||
      (a.location.code < b.location.code ? -1 : 1),
  );
  return ranked.map(({ location }) => location);
}

/** How much of the postal code the location names, in characters; 0 when it does not serve it. */
function servedPrefix(
  { country, postalPrefixes }: StockLocation,
  destination: Destination,
): number {
  if (country !== destination.country) return 0;
  const code = normalPostalCode(destination.postalCode);
  const lengths = postalPrefixes.filter((prefix) => code.startsWith(prefix)).map((p) => p.length);
  return Math.max(0, ...lengths);
}
