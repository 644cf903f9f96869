import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, OrderRefusal } from "./model.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";

export type CancelOrder = {
  orderId: OrderId;
  actor: Actor;
  reason: string;
  /** Names the request, so that its repeat finds the order cancelled by itself and not by another. */
  request: string;
  mayChange?: (order: OrderState) => boolean;
};

type CancelRefusal = Extract<OrderRefusal, { code: "order_unknown" | "order_conflict" }>;

/** Cancels an order that is not on its way yet. Money and stock go back in consumers of the event. */
export function cancelOrder(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, reason, request, mayChange }: CancelOrder,
): Promise<Result<OrderState, CancelRefusal>> {
  return changeOrder(io, {
    orderId,
    actor,
    mayChange,
    decide: (state) => {
      if (state.cancellation?.request === request) return ok([]);
      return mayFollow(state, "order.cancelled.v1")
        ? ok([{ type: "order.cancelled.v1", data: { reason, request } }])
        : err({ code: "order_conflict", status: state.status });
    },
  });
}
