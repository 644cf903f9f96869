/** What a method costs up to a weight; the last band has no limit. */
export type WeightBand = { upToGrams: number | null; rateMinor: number };

/** A row of the rate table: where a method delivers, what it costs by weight, and when it is free. */
export type ShippingRate = {
  code: string;
  title: string;
  /** ISO 3166-1 alpha-2 codes, or `*` for everywhere. */
  countries: readonly string[] | "*";
  /** From light to heavy. */
  bands: readonly WeightBand[];
  /** From this worth of goods, after discounts, it costs nothing. */
  freeFromMinor: number | null;
};

const bands = (light: number, medium: number, heavy: number): WeightBand[] => [
  { upToGrams: 10_000, rateMinor: light },
  { upToGrams: 30_000, rateMinor: medium },
  { upToGrams: null, rateMinor: heavy },
];

/** The built-in rates, in the shop's currency. The first one that fits is the default. */
export const SHIPPING_RATES: readonly ShippingRate[] = [
  {
    code: "standard",
    title: "Standard (3 to 5 days)",
    countries: ["US", "CA"],
    bands: bands(499, 1_499, 4_999),
    freeFromMinor: 7_500,
  },
  {
    code: "express",
    title: "Express (next working day)",
    countries: ["US", "CA"],
    bands: bands(1_499, 3_999, 9_999),
    freeFromMinor: null,
  },
  {
    code: "international",
    title: "International (5 to 10 days)",
    countries: "*",
    bands: bands(1_999, 4_999, 14_999),
    freeFromMinor: 20_000,
  },
];
