import type { Io } from "../platform/io/io.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { OrderEventBody } from "./model.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";

/** What happened outside and must be written down: it cannot be refused, only be known already. */
export type OutsideFact = Extract<
  OrderEventBody,
  {
    type:
      | "payment.captured.v1"
      | "payment.capture_accepted.v1"
      | "payment.capture_failed.v1"
      | "payment.voided.v1"
      | "payment.refunded.v1"
      | "refund.failed.v1"
      | "voucher.credited.v1"
      | "order.stock_returned.v1"
      | "return.restocked.v1";
  }
>;

/**
 * Appends a fact about the world outside, as the consumer `actor`. A fact that the order already
 * shows is not written again; one that cannot be true of it throws, for a person to look at.
 */
export async function recordFact(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, fact }: { orderId: OrderId; actor: string; fact: OutsideFact },
): Promise<OrderState> {
  const changed = await changeOrder(io, {
    orderId,
    actor: { kind: "system", id: actor },
    decide: (state) => {
      if (isKnown(state, fact)) return ok([]);
      return mayFollow(state, fact.type)
        ? ok([fact])
        : err({ code: "order_conflict", status: state.status });
    },
  });
  assert(changed.ok, `${fact.type} happened to an order that does not allow it: ${orderId}`);
  return changed.value;
}

function isKnown(state: OrderState, fact: OutsideFact): boolean {
  switch (fact.type) {
    case "payment.captured.v1":
      return state.payment.status === "captured" || state.payment.status === "refunded";
    case "payment.capture_accepted.v1":
      return state.payment.status !== "authorized";
    case "payment.capture_failed.v1":
      return state.payment.status === "failed";
    case "payment.voided.v1":
      return state.payment.status === "voided";
    case "payment.refunded.v1":
      return state.payment.refundIds.includes(fact.data.refundId);
    case "order.stock_returned.v1":
      return state.stockReturned;
    case "voucher.credited.v1":
      return state.refunds.some(
        ({ refundId, credited }) => refundId === fact.data.refundId && credited,
      );
    case "refund.failed.v1":
      return state.refunds.some((refund) => is(refund, "failed", fact.data.refundId));
    case "return.restocked.v1":
      return state.returns.some(
        ({ returnId, restocked }) => returnId === fact.data.returnId && restocked,
      );
  }
}

const is = (refund: OrderState["refunds"][number], status: string, refundId: string): boolean =>
  refund.status === status && refund.refundId === refundId;
