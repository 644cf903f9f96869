import { sql } from "drizzle-orm";
import { z } from "zod";
import { type RecordedEvent, setInStock } from "../catalog/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Sku } from "../shared/ids.ts";
import { inStock, type Offer } from "./offer-store.ts";
import { inventoryLevels } from "./schema.ts";

export const bufferKey = (sku: Sku): string => `stock:${sku}`;

/** What Redis keeps of a SKU. */
export const BufferedOffer = z.object({
  available: z.int().min(0),
  backorder: z.boolean(),
  version: z.int(),
});

// One script, because a read and a write apart would let an older copy overwrite a newer one.
const SET_IF_NEWER = `
local known = redis.call("GET", KEYS[1])
if known then
  local fine, offer = pcall(cjson.decode, known)
  if fine and type(offer) == "table" and tonumber(offer.version) and offer.version >= tonumber(ARGV[2]) then
    return 0
  end
end
redis.call("SET", KEYS[1], ARGV[1])
return 1`;

/**
 * Copies a SKU's offer to Redis, MySQL and, when it crosses zero, the catalogue. Safe to repeat and
 * to run late: no copy ever goes back to an older version. Throws weather after all were tried, so
 * one system that is down does not keep the news from the others. Answers the catalogue's events, to
 * be published now.
 */
export async function publishOffer(
  io: Io,
  { sku, offer, crossesZero }: { sku: Sku; offer: Offer; crossesZero: boolean },
): Promise<RecordedEvent[]> {
  const toRedis = io.redis("buffer", (client) =>
    client.eval(SET_IF_NEWER, [bufferKey(sku)], [JSON.stringify(offer), String(offer.version)]),
  );
  const [redis, level] = await Promise.allSettled([
    toRedis,
    saveLevel(io, sku, offer, crossesZero),
  ]);
  if (level.status === "rejected") throw level.reason;
  if (redis.status === "rejected") throw redis.reason;
  return level.value;
}

async function saveLevel(
  io: Io,
  sku: Sku,
  offer: Offer,
  crossesZero: boolean,
): Promise<RecordedEvent[]> {
  // MySQL assigns from left to right, so `version` must come last: the others compare against it.
  const ifNewer = (column: string) =>
    sql.raw(`IF(VALUES(\`version\`) > \`version\`, VALUES(\`${column}\`), \`${column}\`)`);
  await io.sql
    .insert(inventoryLevels)
    .values({ sku, ...offer, updatedAtMs: io.clock.nowMs() })
    .onDuplicateKeyUpdate({
      set: {
        available: ifNewer("available"),
        backorder: ifNewer("backorder"),
        updatedAtMs: ifNewer("updated_at_ms"),
        version: sql.raw("GREATEST(VALUES(`version`), `version`)"),
      },
    });
  if (!crossesZero) return [];
  return setInStock(io, sku, { inStock: inStock(offer), version: offer.version });
}
