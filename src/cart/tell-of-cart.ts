import type { Io } from "../platform/io/io.ts";
import { enqueue } from "../platform/queues/envelope.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { CartStore } from "./cart-store.ts";
import { abandonedEnvelope } from "./events.ts";
import { snapshotAtMs } from "./lifetime.ts";
import type { ExpiredCart, LifetimeStore } from "./lifetime-store.ts";
import type { CartOwner } from "./model.ts";
import { saveSnapshot } from "./save-snapshot.ts";

/** More wait for the next alarm, which follows at once. */
const EXPIRED_AT_ONCE_MAX = 10;

export type TellingDeps = {
  io: Pick<Io, "documents" | "clock" | "meter">;
  queue: Queue;
  carts: CartStore;
  lifetime: LifetimeStore;
  ownerKind: CartOwner["kind"];
};

/**
 * Tells Neon what an idle cart holds, and Neon and comms of carts that have expired, as far as it is
 * due. What fails is logged and stays owed: the cart itself is not in doubt, and goes on being used
 * while this waits for an answer.
 */
export async function tellOfCart(deps: TellingDeps): Promise<void> {
  const { lifetime, io } = deps;
  for (const expired of lifetime.listDueExpired(io.clock.nowMs(), EXPIRED_AT_ONCE_MAX)) {
    lifetime.beginTelling(expired.cartId, io.clock.nowMs());
    await orLater("cart.expiry_untold", expired.cartId, () => tellOfExpired(deps, expired));
  }
  await snapshotIdle(deps);
}

async function snapshotIdle({ io, carts, lifetime, ownerKind }: TellingDeps): Promise<void> {
  const cart = carts.find();
  const idleness = lifetime.idleness();
  const nowMs = io.clock.nowMs();
  if (!cart || !idleness || (snapshotAtMs(idleness) ?? Number.POSITIVE_INFINITY) > nowMs) return;

  lifetime.beginSnapshot(idleness, nowMs);
  const { cartId, version, mode } = cart;
  const lines = cart.lines.map(({ sku, quantity }) => ({ sku, quantity }));
  await orLater("cart.snapshot_failed", cartId, async () => {
    const snapshot = { cartId, ownerKind, lines, mode, version, takenAtMs: nowMs };
    await saveSnapshot(io.documents, snapshot);
    lifetime.endSnapshot(version);
  });
}

/** Neon first: whoever hears of the abandoned cart finds its lines there. Both may be repeated. */
async function tellOfExpired(
  { io, queue, lifetime, ownerKind }: TellingDeps,
  { cartId, version, mode, lines, expiredAtMs }: ExpiredCart,
): Promise<void> {
  const takenAtMs = expiredAtMs;
  const snapshot = { cartId, ownerKind, lines, mode, version, takenAtMs, expiredAtMs };
  await saveSnapshot(io.documents, snapshot);
  // A cart that was bought, or emptied by hand, was not abandoned.
  if (lines.length > 0) {
    const event = abandonedEnvelope({ cartId, version, ownerKind }, expiredAtMs);
    await enqueue(queue, [event], io.meter);
  }
  lifetime.endTelling(cartId);
}

async function orLater(event: string, cartId: string, tell: () => Promise<void>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    logError(event, error, { cartId });
  }
}
