import { describe, expect, it } from "vitest";
import { byNearness, serves } from "../../../src/checkout/delivery/nearest.ts";
import {
  DEFAULT_STOCK_LOCATION,
  LocationSettings,
  type StockLocation,
} from "../../../src/inventory/locations/model.ts";

const location = (code: string, more: Partial<StockLocation> = {}): StockLocation => ({
  ...DEFAULT_STOCK_LOCATION,
  code,
  ...more,
});
const at = (postalCode: string, country = "US") => ({ postalCode, country });
const codes = (locations: readonly StockLocation[]) => locations.map(({ code }) => code);

describe("serves", () => {
  it("reads postal codes without spaces, dashes and case, and only of the location's country", () => {
    const { postalPrefixes } = LocationSettings.parse({
      name: "Soho",
      country: "GB",
      postalPrefixes: ["w1f", "SW1-A 1"],
    });
    const soho = location("soho", { country: "GB", postalPrefixes });
    expect(serves(soho, at("W1F 9TA", "GB"))).toBe(true);
    expect(serves(soho, at("sw1a1aa", "GB"))).toBe(true);
    expect(serves(soho, at("SW1A 2AA", "GB"))).toBe(false);
    expect(serves(soho, at("W1F 9TA", "US"))).toBe(false);
    expect(serves(location("none"), at("97201"))).toBe(false);
  });
});

describe("byNearness", () => {
  it("puts the longest prefix first, then the country, then the priority, then the code", () => {
    const all = [
      location("z-late", { priority: 5 }),
      location("abroad", { country: "CA", priority: 0 }),
      location("state", { postalPrefixes: ["97"] }),
      location("a-early", { priority: 5 }),
      location("first", { priority: 1 }),
      location("street", { postalPrefixes: ["1", "9720"], priority: 999 }),
    ];
    expect(codes(byNearness(all, at("97201")))).toEqual([
      "street",
      "state",
      "first",
      "a-early",
      "z-late",
      "abroad",
    ]);
  });
});
