import { DependencyDown } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Actor, OrderEvent, OrderEventBody, OrderRefusal } from "./model.ts";
import { eventIdFor } from "./order-id.ts";
import { applyEvent, foldOrder, type OrderState } from "./state.ts";
import { appendEvents, readEvents } from "./store.ts";

/** What to append to an order in this state: nothing when it already is as wanted, or a refusal. */
export type Decide<E extends OrderRefusal> = (
  state: OrderState,
) => Result<readonly OrderEventBody[], E>;

export type Change<E extends OrderRefusal> = {
  orderId: OrderId;
  actor: Actor;
  decide: Decide<E>;
  /** Whose order it is decides who may; to anybody else there is no such order. */
  mayChange?: ((order: OrderState) => boolean) | undefined;
};

/** Each lost race means that somebody else changed the order, which few states allow often. */
const ATTEMPTS_MAX = 8;

/**
 * Reads an order, decides, and appends at the next place in its stream. Whoever loses that place
 * reads and decides again, so no decision stands on a state that was already past.
 */
export async function changeOrder<E extends OrderRefusal>(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, decide, mayChange }: Change<E>,
): Promise<Result<OrderState, E | { code: "order_unknown" }>> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const state = foldOrder(await readEvents(io.sql, orderId));
    if (!state || mayChange?.(state) === false) return err({ code: "order_unknown" });
    const decision = decide(state);
    if (!decision.ok) return decision;
    if (decision.value.length === 0) return ok(state);
    const nowMs = io.clock.nowMs();
    const events = nextEvents(state, decision.value, { actor, nowMs, trace: io.trace });
    const changed = events.reduce(applyEvent, state); // Throws before a stream that cannot be is stored.
    const { status } = changed;
    if ((await appendEvents(io.sql, events, { status, nowMs })) === "appended") return ok(changed);
  }
  throw new DependencyDown("orders", new Error(`order ${orderId} changes too fast`));
}

type Circumstance = { actor: Actor; nowMs: number; trace: string };

function nextEvents(
  state: OrderState,
  bodies: readonly OrderEventBody[],
  { actor, nowMs, trace }: Circumstance,
): OrderEvent[] {
  // Never before the event it follows, however far two clocks disagree: else the order "as of"
  // a moment would have a gap.
  const occurredAtMs = Math.max(nowMs, state.lastEventAtMs);
  return bodies.map((body, offset) => {
    const sequence = state.version + 1 + offset;
    const eventId = eventIdFor(state.id, sequence);
    return { ...body, orderId: state.id, sequence, eventId, actor, occurredAtMs, trace };
  });
}
