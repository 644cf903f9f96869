import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, OrderRefusal } from "./model.ts";
import { refundIdFor } from "./order-id.ts";
import { planRefund, type RefundWish } from "./plan-refund.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";

export type RequestRefund = {
  orderId: OrderId;
  actor: Actor;
  wish: RefundWish;
  reason: string;
  /** Names the request: its repeat is the same refund. */
  request: string;
};

/** A bound on one order's stream. */
const REFUNDS_MAX = 100;

/**
 * Asks for money to go back. What is asked for is set aside by the append itself: of requests that
 * together exceed what was captured, the later find it gone. `executeRefunds` moves the money.
 */
export async function requestRefund(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, wish, reason, request }: RequestRefund,
): Promise<Result<OrderState, OrderRefusal>> {
  const refundId = await refundIdFor(orderId, request);
  return changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      if (state.refunds.some((earlier) => earlier.refundId === refundId)) return ok([]);
      const refusal = whyNoRefund(state);
      if (refusal) return err(refusal);
      const plan = planRefund(state, wish);
      if (!plan.ok) return plan;
      return ok([{ type: "refund.requested.v1", data: { refundId, ...plan.value, reason } }]);
    },
  });
}

export function whyNoRefund(state: OrderState): OrderRefusal | undefined {
  if (!mayFollow(state, "refund.requested.v1")) {
    return { code: "order_conflict", status: state.status };
  }
  return state.refunds.length < REFUNDS_MAX
    ? undefined
    : { code: "limit_reached", of: "refunds", max: REFUNDS_MAX };
}
