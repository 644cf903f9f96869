import { type Target, upload } from "../catalog/target.ts";

/** What `samples/locations.json` holds: bodies of the operations route by code, and units by location and SKU. */
export type LocationsFile = {
  locations: Record<string, unknown>;
  stock: Record<string, Record<string, number>>;
};

const JSON_TYPE = "application/json";

/** Describes the locations and puts goods there, the same goods once however often it is called. */
export async function loadLocations(target: Target, { locations, stock }: LocationsFile) {
  for (const [code, settings] of Object.entries(locations)) {
    const body = JSON.stringify(settings);
    await upload(target, `/locations/${code}`, { method: "PUT", contentType: JSON_TYPE, body });
  }
  for (const [location, units] of Object.entries(stock)) {
    for (const [sku, delta] of Object.entries(units)) {
      const path = `/inventory/${encodeURIComponent(sku)}/movements`;
      const body = JSON.stringify({ delta, reason: "sample stock", location });
      const idempotencyKey = `sample-stock:${location}:${sku}`;
      await upload(target, path, { method: "POST", contentType: JSON_TYPE, body, idempotencyKey });
    }
  }
}
