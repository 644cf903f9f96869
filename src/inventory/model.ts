import { z } from "zod";
import { Sku } from "../shared/ids.ts";
import type { Result } from "../shared/result.ts";

/** Bounds a SKU's stock far below 2^53, so that sums of movements stay exact. */
export const STOCK_MAX = 1_000_000_000;

/** What may be sold of a SKU right now. `backorder`: sold even when nothing is available. */
export const Availability = z
  .object({ sku: Sku, available: z.int().min(0), backorder: z.boolean() })
  .meta({ id: "Availability" });
export type Availability = z.infer<typeof Availability>;

/** Every way a SKU's stock can change. `commit` lowers what is on hand; a hold only reserves. */
const MOVEMENTS = [
  "receive",
  "adjust",
  "hold",
  "release",
  "expire",
  "commit",
  "return",
  "transfer",
] as const;
export const MovementKind = z.enum(MOVEMENTS);
export type MovementKind = z.infer<typeof MovementKind>;

export const LedgerEntry = z.object({
  sequence: z.int(),
  kind: MovementKind,
  /** Signed for what moves goods; the count held, freed or sold otherwise. */
  quantity: z.int(),
  location: z.string(),
  /** The hold for hold, release, expire and commit; the movement's or transfer's own id otherwise. */
  reference: z.string(),
  reason: z.string(),
  occurredAt: z.iso.datetime(),
  shard: z.string().optional().describe("The shard that wrote it, of a SKU that is or was sharded"),
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const StockView = z
  .object({
    sku: Sku,
    onHand: z.int(),
    held: z.int(),
    available: z.int(),
    backorder: z.boolean(),
    /** Units between two shards: part of `onHand`. */
    inFlight: z.int().optional(),
    shards: z.int().min(1).describe("How many objects the stock is spread over right now"),
    declaredShards: z.int().nullable().describe("`null`: as many as the measured load needs"),
    maxPerShopper: z.int().nullable(),
    locations: z.array(z.object({ location: z.string(), onHand: z.int(), held: z.int() })),
    /** The newest entries first, at most 200. */
    ledger: z.array(LedgerEntry),
  })
  .meta({ id: "Stock" });
export type StockView = z.infer<typeof StockView>;

export const DEFAULT_LOCATION = "default";
export const LOCATIONS_MAX = 100;
export const Location = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/);
export type Location = z.infer<typeof Location>;

/** Where units may come from: one location and no other, or some first and then the usual order. */
export type TakeFrom = { only: Location } | { prefer: readonly Location[] };
export type Want = { quantity: number; from?: TakeFrom };
/** The part of a hold that one location gives. */
export type Take = { location: Location; quantity: number };

/**
 * `wants` says where the units may come from, and adds up to `quantity`; without, from anywhere. `buyer`
 * is whom a limit per shopper counts. `startedAtMs` is when the id was first used: where it is missing,
 * a SKU whose sharding has changed asks everywhere for an earlier hold of the same id.
 */
export type Hold = {
  holdId: string;
  quantity: number;
  ttlMs: number;
  wants?: readonly Want[];
  buyer?: string;
  startedAtMs?: number;
};

/**
 * `shards`: how many objects the stock is spread over; 1 for never more, `null` for as many as the load
 * needs. What is missing stays as it is.
 */
export type StockPolicy = {
  shards?: number | null | undefined;
  shopperLimit?: ShopperLimit | null | undefined;
};
/** A debt has one place: what may be backordered is never sharded. */
export type PolicyError = { code: "backorder_sharded" };

/** At most `max` units for one shopper within `windowMs`, held ones included. */
export type ShopperLimit = { max: number; windowMs: number };

/**
 * `hold_ended`: this id was released or has expired, and an id is never held twice. `location` is there
 * when one location was named and is short: `available` counts what it can give. `purchase_limit`:
 * `available` is how many more this shopper may have.
 */
export type HoldError =
  | { code: "insufficient_stock"; available: number; location?: Location }
  | { code: "hold_ended"; available: number }
  | { code: "purchase_limit"; available: number; max: number };
/** A hold ends once: what asks for the other end afterwards is told which end it was. */
export type CommitError = { code: "hold_released" } | { code: "hold_lost" };
export type ReleaseError = { code: "hold_committed" };
export type MoveError =
  | { code: "stock_negative"; onHand: number; held: number }
  | { code: "stock_limit"; max: number }
  | { code: "location_limit"; max: number };

/** One movement of goods. Repeating a `movementId` moves nothing: the first one counts. */
export type Movement = {
  movementId: string;
  kind: "receive" | "adjust" | "return";
  /** Signed, never zero. */
  delta: number;
  reason: string;
  location?: string;
};

/**
 * A part of a sale that comes back. Repeating a `movementId` moves nothing; `movementIds` are those of
 * the sale's other returns.
 */
export type PutBack = {
  movementId: string;
  holdId: string;
  movementIds: readonly string[];
  quantity: number;
  reason: string;
};

/** The ledger's name of what undoing a whole sale put back. */
export const takeBackMovement = (holdId: string): string => `return:${holdId}`;

/** Lines of one order, as many as there are: the same SKU may stand on several. */
export type StockLine = { sku: Sku } & Want;
/** Units of one SKU at one location: what a shipment from there will carry. */
export type StockTake = { sku: Sku } & Take;
/** `max` is there when not the stock is short, but the shopper may not have more than that. */
export type Shortage = { sku: Sku; available: number; location?: Location; max?: number };

/** What each location can give of a SKU right now; `available` is what all can give together. */
export type LocatedAvailability = Availability & {
  locations: { location: Location; available: number }[];
};

export type HoldResult = Result<
  { holdId: string; quantity: number; expiresAtMs: number; takes: Take[] },
  HoldError
>;
export type CommitResult = Result<{ holdId: string }, CommitError>;
export type ReleaseResult = Result<{ holdId: string }, ReleaseError>;
export type MoveResult = Result<StockView, MoveError>;
export type PolicyResult = Result<StockView, PolicyError>;
