import { and, asc, eq, like } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { OrderId } from "../shared/ids.ts";
import { ok } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { OrderQueues } from "./events.ts";
import type { OrderEventBody } from "./model.ts";
import { publishOrderEvents } from "./publish-events.ts";
import { orders } from "./schema.ts";

/** The rest is for the next call. */
const ORDERS_AT_ONCE_MAX = 50;

export type Claim = {
  userId: string;
  /** An address that this account has proven to be its own. */
  provenEmail: string;
};

/**
 * Gives a shopper the orders that were placed as a guest with the mail address that they have proven.
 * The proof is the whole point: never call it for an address that was only typed. An order has one
 * account, its first; a repeat claims nothing twice.
 */
export async function claimOrders(
  io: Pick<Io, "sql" | "clock" | "trace" | "meter">,
  queues: OrderQueues,
  { userId, provenEmail }: Claim,
): Promise<{ claimed: OrderId[]; more: boolean }> {
  const found = await io.sql
    .select({ orderId: orders.orderId, email: orders.email })
    .from(orders)
    .where(and(eq(orders.email, provenEmail), like(orders.owner, "guest:%")))
    .orderBy(asc(orders.placedAtMs))
    .limit(ORDERS_AT_ONCE_MAX + 1);
  // The database finds "josé" for "jose": what opens orders is compared to the letter.
  const theirs = found.filter(({ email }) => mailboxOf(email) === mailboxOf(provenEmail));
  const claimed: OrderId[] = [];
  for (const { orderId } of theirs.slice(0, ORDERS_AT_ONCE_MAX)) {
    if (await claimOrder(io, orderId, { userId, provenEmail })) claimed.push(orderId);
  }
  if (claimed.length > 0) await publishClaims(io, queues, claimed);
  return { claimed, more: found.length > ORDERS_AT_ONCE_MAX };
}

async function claimOrder(
  io: Pick<Io, "sql" | "clock" | "trace">,
  orderId: OrderId,
  { userId, provenEmail }: Claim,
): Promise<boolean> {
  const changed = await changeOrder(io, {
    orderId,
    actor: { kind: "shopper", id: "user" },
    decide: ({ ownerId, isErased, placed }) => {
      const isFree = ownerId === undefined && !isErased;
      // The list row may be older than the order.
      const isProven = mailboxOf(placed.email) === mailboxOf(provenEmail);
      const claim: OrderEventBody = { type: "order.claimed.v1", data: { userId } };
      return ok(isFree && isProven ? [claim] : []);
    },
  });
  return changed.ok && changed.value.ownerId === userId;
}

/** So that the list which is asked for next already shows them; the sweep repeats what fails here. */
async function publishClaims(
  io: Pick<Io, "sql" | "clock" | "meter" | "trace">,
  queues: OrderQueues,
  claimed: readonly OrderId[],
): Promise<void> {
  try {
    await publishOrderEvents(io, queues, claimed);
  } catch (error) {
    logError("orders.claims_left_to_sweep", error, { orders: claimed.length, trace: io.trace });
  }
}

/** One address, however its letters are cased. A tag after "+" may be another person's: it counts. */
const mailboxOf = (email: string): string => email.trim().toLowerCase();
