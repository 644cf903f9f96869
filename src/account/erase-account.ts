import { type CartBinding, eraseCart } from "../cart/index.ts";
import { eraseUser, holdUser } from "../identity/index.ts";
import {
  eraseOrder,
  listPlaces,
  type OrderPlace,
  type OrderQueues,
  publishOrLeave,
} from "../orders/index.ts";
import type { EdgeFeedBinding } from "../platform/edge/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError, logInfo } from "../platform/telemetry/log.ts";
import type { UserId } from "../shared/ids.ts";
import { deleteAddresses } from "./address-store.ts";
import { claimGuestOrders } from "./claim-guest-orders.ts";
import { deleteAllDevices } from "./devices/device-store.ts";
import { beginErasure, endErasure, listDueErasures, postponeErasure } from "./erasure-store.ts";
import { deleteProfile } from "./profile-store.ts";

export type ErasureEnv = CartBinding & OrderQueues & EdgeFeedBinding;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A request that was let in a moment before may still write: whoever erases looks again after this. */
const LOOK_AGAIN_MS = 5 * MINUTE_MS;
const RETRY_MS = 10 * MINUTE_MS;
/** An order may wait for its last parcel and its month: once a day is often enough to ask. */
const ORDERS_AGAIN_MS = DAY_MS;
const ORDERS_PER_PAGE = 50;
const PAGES_MAX = 20;
const CLAIMS_MAX = 20;

/** Orders that still say who bought, because goods, money or the time to send back are not over. */
export type Erasure = { ordersKept: number };

/**
 * Forgets a shopper. That it is wanted is written down first; from there on the sweep brings it to its
 * end, whatever crashes. Everything here may be repeated.
 */
export async function eraseAccount(io: Io, env: ErasureEnv, userId: UserId): Promise<Erasure> {
  await beginErasure(io.sql, userId, io.clock.nowMs() + LOOK_AGAIN_MS, io.clock.nowMs());
  return eraseWhatIsThere(io, env, userId);
}

async function eraseWhatIsThere(io: Io, env: ErasureEnv, userId: UserId): Promise<Erasure> {
  // As long as the address is known, guest orders that bear it are found: they are the shopper's too.
  for (let round = 1; round <= CLAIMS_MAX; round += 1) {
    const claimed = await claimGuestOrders(io, env, userId);
    if (!claimed.ok || !claimed.value.more || claimed.value.claimed.length === 0) break;
  }
  await holdUser(io, userId);
  await eraseUser(io, env, userId);
  await Promise.all([
    deleteAddresses(io.sql, userId),
    deleteProfile(io.sql, userId),
    deleteAllDevices(io.sql, userId),
    eraseCart(io, env, userId),
  ]);
  return { ordersKept: await eraseOrders(io, env, userId) };
}

/**
 * How many orders are left that cannot be erased yet. By their list rows: an order whose erasure died
 * half-way names no account in its events any more.
 */
async function eraseOrders(io: Io, env: ErasureEnv, userId: UserId): Promise<number> {
  let kept = 0;
  let after: OrderPlace | undefined;
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const wanted = { ownerId: userId, limit: ORDERS_PER_PAGE, after };
    const { places, next } = await listPlaces(io, wanted);
    for (const { orderId } of places) {
      const erased = await eraseOrder(io, { orderId, ownerId: userId });
      if (erased.ok) await publishOrLeave(io, env, orderId);
      else kept += 1;
    }
    if (!next) return kept;
    after = next;
  }
  // What lies beyond was not looked at, so the erasure is not over.
  return kept + 1;
}

const SWEEP_MAX = 50;

/** Goes on with the erasures that are due: what crashed, what came in late, orders that are over by now. */
export async function sweepErasures(
  io: Io,
  env: ErasureEnv,
): Promise<{ swept: number; failed: number }> {
  const nowMs = io.clock.nowMs();
  const sweep = { swept: 0, failed: 0 };
  for (const { userId, requestedAtMs } of await listDueErasures(io.sql, nowMs, SWEEP_MAX)) {
    // First, so that one which fails each time does not hold up the others.
    await postponeErasure(io.sql, userId, nowMs + RETRY_MS);
    try {
      const { ordersKept } = await eraseWhatIsThere(io, env, userId);
      const isOver = ordersKept === 0 && requestedAtMs + LOOK_AGAIN_MS <= nowMs;
      if (isOver) await endErasure(io.sql, userId, nowMs);
      else await postponeErasure(io.sql, userId, nowMs + ORDERS_AGAIN_MS);
      logInfo("account.erasure_swept", { userId, ordersKept, isOver, trace: io.trace });
      sweep.swept += 1;
    } catch (error) {
      logError("account.erasure_failed", error, { userId, trace: io.trace });
      sweep.failed += 1;
    }
  }
  return sweep;
}
