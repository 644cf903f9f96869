import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, CaptureProof, OrderRefusal } from "./model.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";

export type ConfirmCapture = {
  orderId: OrderId;
  actor: Actor;
  /** Where the actor saw the money. */
  proof: CaptureProof;
};

/**
 * Writes down by hand that a capture came about which the processor accepted and never told of: its word
 * got lost, and it cannot be asked. Only such a capture; one that is known already, by whomever, is not
 * written again. No money moves, so an actor who errs has shipped goods too early and charged nobody twice.
 */
export const confirmCapture = (
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, proof }: ConfirmCapture,
): Promise<Result<OrderState, OrderRefusal>> =>
  changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      const { status } = state.payment;
      if (status === "captured" || status === "refunded") return ok([]);
      const { processor, paymentId, authorized: amount } = state.placed.payment;
      return status === "pending" && mayFollow(state, "payment.captured.v1")
        ? ok([{ type: "payment.captured.v1", data: { processor, paymentId, amount, proof } }])
        : err({ code: "order_conflict", status: state.status });
    },
  });
