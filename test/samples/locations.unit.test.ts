import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import type { LocationsFile } from "../../local/inventory/load-locations.ts";
import { LocationSettings } from "../../src/inventory/locations/model.ts";
import { Location } from "../../src/inventory/model.ts";

const SAMPLES = join(import.meta.dirname, "../../samples");
const read = (name: string) => readFileSync(join(SAMPLES, name), "utf8");
const { locations, stock } = JSON.parse(read("locations.json")) as LocationsFile;

describe("the sample locations", () => {
  it("are described as the shop wants them", ({ expect }) => {
    for (const [code, settings] of Object.entries(locations)) {
      expect(Location.safeParse(code).success, code).toBe(true);
      expect(LocationSettings.safeParse(settings).success, code).toBe(true);
    }
  });

  it("have goods of the sample catalogue", ({ expect }) => {
    const catalogue = read("catalog.csv");
    for (const [location, units] of Object.entries(stock)) {
      expect(Object.keys(locations)).toContain(location);
      for (const sku of Object.keys(units)) expect(catalogue).toContain(`,${sku},`);
    }
  });
});
