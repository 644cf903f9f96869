import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, EventData, OrderRefusal } from "./model.ts";
import { returnIdFor } from "./order-id.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";
import { exceeding, unitsToReturn } from "./units.ts";

type ReturnLines = EventData<"return.requested.v1">["lines"];

export type RequestReturn = {
  orderId: OrderId;
  actor: Actor;
  lines: ReturnLines;
  reason: string;
  /** Names the request: its repeat is the same return. */
  request: string;
  mayChange?: (order: OrderState) => boolean;
};

/** A bound on one order's stream. */
const RETURNS_MAX = 50;

/** Records that a shopper wants to send goods back. `receiveReturn` and `refuseReturn` follow. */
export async function requestReturn(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, lines, reason, request, mayChange }: RequestReturn,
): Promise<Result<{ returnId: string }, OrderRefusal>> {
  const returnId = await returnIdFor(orderId, request);
  const changed = await changeOrder(io, {
    orderId,
    actor,
    mayChange,
    decide: (state) => {
      if (state.returns.some((earlier) => earlier.returnId === returnId)) return ok([]);
      const refusal = whyNotReturn(state, lines);
      return refusal
        ? err(refusal)
        : ok([{ type: "return.requested.v1", data: { returnId, lines, reason } }]);
    },
  });
  return changed.ok ? ok({ returnId }) : changed;
}

/** Why these lines may not be returned; `undefined` when they may. A line named twice counts twice. */
export function whyNotReturn(state: OrderState, lines: ReturnLines): OrderRefusal | undefined {
  if (!mayFollow(state, "return.requested.v1")) {
    return { code: "order_conflict", status: state.status };
  }
  if (state.returns.length >= RETURNS_MAX) {
    return { code: "limit_reached", of: "returns", max: RETURNS_MAX };
  }
  return exceeding(unitsToReturn(state), lines);
}
