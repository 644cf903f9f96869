import type { DeliveryFacts } from "../../../src/checkout/delivery/plan-shipments.ts";
import type { CartLine } from "../../../src/checkout/price-lines.ts";
import {
  DEFAULT_STOCK_LOCATION,
  type StockLocation,
} from "../../../src/inventory/locations/model.ts";
import type { LocatedAvailability } from "../../../src/inventory/model.ts";
import { LineId, Sku } from "../../../src/shared/ids.ts";

export const PORTLAND = { country: "US", postalCode: "97201" };

export const place = (code: string, more: Partial<StockLocation> = {}): StockLocation => ({
  ...DEFAULT_STOCK_LOCATION,
  code,
  name: code.toUpperCase(),
  priority: 100,
  ...more,
});

/** `lines({ A: 2 })` is a cart with two units of A. */
export const lines = (wanted: Record<string, number>): CartLine[] =>
  Object.entries(wanted).map(([sku, quantity], at) => ({
    lineId: LineId.parse(`lin_${at}`),
    sku: Sku.parse(sku),
    quantity,
  }));

type Shelves = Record<string, Record<string, number>>;

/** `stocked({ A: { east: 2 } })` is two units of A at east; SKUs in `backorder` may be owed. */
export const stocked = (shelves: Shelves, backorder: string[] = []): DeliveryFacts["stock"] =>
  new Map(
    Object.entries(shelves).map(([name, at]): [Sku, LocatedAvailability] => {
      const sku = Sku.parse(name);
      const locations = Object.entries(at).map(([location, available]) => ({
        location,
        available,
      }));
      const available = locations.reduce((sum, each) => sum + each.available, 0);
      return [sku, { sku, available, backorder: backorder.includes(name), locations }];
    }),
  );

export const delivery = (
  mode: DeliveryFacts["mode"],
  locations: StockLocation[],
  stock: DeliveryFacts["stock"],
): DeliveryFacts => ({
  mode,
  postalCode: null,
  locations,
  main: locations.find(({ code }) => code === "default") ?? null,
  stock,
});
