import { asc } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import { DEFAULT_LOCATION, LOCATIONS_MAX } from "../model.ts";
import { stockLocations } from "../schema.ts";
import { DEFAULT_STOCK_LOCATION, type LocationSettings, StockLocation } from "./model.ts";

/** Every location that was described, and `default` in any case. One round trip. */
export async function listLocations(sql: SqlSession): Promise<StockLocation[]> {
  const rows = await sql
    .select({ code: stockLocations.code, settings: stockLocations.settings })
    .from(stockLocations)
    .orderBy(asc(stockLocations.code))
    .limit(LOCATIONS_MAX);
  const known = rows.map(({ code, settings }) => StockLocation.parse({ ...settings, code }));
  const hasDefault = known.some(({ code }) => code === DEFAULT_LOCATION);
  return hasDefault ? known : [DEFAULT_STOCK_LOCATION, ...known];
}

/** Describes a location anew. What it was before is in the audit log. */
export async function putLocation(
  sql: SqlSession,
  code: string,
  settings: LocationSettings,
  nowMs: number,
): Promise<StockLocation> {
  const row = { settings, updatedAtMs: nowMs };
  await sql
    .insert(stockLocations)
    .values({ code, ...row })
    .onDuplicateKeyUpdate({ set: row });
  return { ...settings, code };
}

/** All locations, and the one that owes what may be back-ordered. */
export const placesOf = (locations: readonly StockLocation[]) => ({
  locations,
  main: locations.find(({ code }) => code === DEFAULT_LOCATION) ?? null,
});
