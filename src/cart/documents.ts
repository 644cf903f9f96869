import { bigint, index, integer, jsonb, pgTable, text } from "drizzle-orm/pg-core";
import type { DeliveryMode } from "../shared/delivery-mode.ts";
import type { CartId } from "../shared/ids.ts";
import type { CartOwner, SnapshotLine } from "./model.ts";

/**
 * Carts as they were when they had been left alone for a while: for asking what shoppers leave
 * behind. Never read to serve a cart, whose truth is its object.
 */
export const cartSnapshots = pgTable(
  "cart_snapshots",
  {
    cartId: text("cart_id").primaryKey().$type<CartId>(),
    ownerKind: text("owner_kind").notNull().$type<CartOwner["kind"]>(),
    lines: jsonb("lines").notNull().$type<SnapshotLine[]>(),
    mode: text("mode").notNull().$type<DeliveryMode>(),
    /** The cart's version that this shows; a row never goes back to an older one. */
    version: integer("version").notNull(),
    takenAtMs: bigint("taken_at_ms", { mode: "number" }).notNull(),
    /** When the cart ended by itself; null while it lives. A cart's id does not come back. */
    expiredAtMs: bigint("expired_at_ms", { mode: "number" }),
  },
  (t) => [index("cart_snapshots_by_expiry").on(t.expiredAtMs)],
);
