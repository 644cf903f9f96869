import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, OrderRefusal } from "./model.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";

export type RequestCapture = {
  orderId: OrderId;
  actor: Actor;
  /** Names the request: its repeat asks for nothing more. */
  request: string;
};

/** Has the money of an order collected again, after the processor refused. `capturePayment` does it. */
export const requestCapture = (
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, request }: RequestCapture,
): Promise<Result<OrderState, OrderRefusal>> =>
  changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      if (state.captureRequests.includes(request)) return ok([]);
      return mayFollow(state, "payment.capture_requested.v1")
        ? ok([{ type: "payment.capture_requested.v1", data: { request } }])
        : err({ code: "order_conflict", status: state.status });
    },
  });
