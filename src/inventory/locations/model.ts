import { z } from "zod";
import { MINOR_MAX } from "../../shared/money.ts";
import { normalPostalCode } from "../../shared/postal-code.ts";
import { DEFAULT_LOCATION, Location } from "../model.ts";

const POSTAL_PREFIXES_MAX = 500;

const PostalPrefix = z
  .string()
  .max(12)
  .transform(normalPostalCode)
  .pipe(z.string().min(1, "must name a letter or a digit"));

const Rate = z.int().min(0).max(MINOR_MAX);
const LocalDelivery = z.object({
  priceMinor: Rate,
  freeFromMinor: Rate.nullable().default(null).describe("From this worth of goods it is free"),
});
const Pickup = z.object({ priceMinor: Rate });

/** What an operator says of a place that gives out goods. Amounts are in the store's currency. */
export const LocationSettings = z.object({
  name: z.string().trim().min(1).max(80),
  country: z.string().regex(/^[A-Z]{2}$/, "must be an ISO 3166-1 alpha-2 code"),
  postalPrefixes: z
    .array(PostalPrefix)
    .max(POSTAL_PREFIXES_MAX)
    .default([])
    .describe("What it serves: postal codes of its country that begin so"),
  priority: z.int().min(0).max(1_000).default(100).describe("The lower goes first"),
  ships: z.boolean().default(true).describe("Whether it sends parcels, for split carts"),
  localDelivery: LocalDelivery.nullable().default(null),
  pickup: Pickup.nullable().default(null),
  active: z.boolean().default(true),
});
export type LocationSettings = z.infer<typeof LocationSettings>;

export const StockLocation = LocationSettings.extend({ code: Location }).meta({
  id: "StockLocation",
});
export type StockLocation = z.infer<typeof StockLocation>;

/** Where stock lies that nobody placed anywhere. A row of the table may say more of it. */
export const DEFAULT_STOCK_LOCATION: StockLocation = {
  code: DEFAULT_LOCATION,
  name: "Main warehouse",
  country: "US",
  postalPrefixes: [],
  priority: 1_000,
  ships: true,
  localDelivery: null,
  pickup: null,
  active: true,
};
