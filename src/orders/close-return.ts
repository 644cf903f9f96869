import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, LineUnits, OrderEventBody, OrderRefusal } from "./model.ts";
import { refundIdFor } from "./order-id.ts";
import { planRefund } from "./plan-refund.ts";
import { whyNoRefund } from "./request-refund.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";
import { exceeding, sumUnits, unitsIn, unitsToRefund } from "./units.ts";

export type ReceiveReturn = {
  orderId: OrderId;
  returnId: string;
  actor: Actor;
  /** What arrived; all that was announced when it is not said. */
  lines?: readonly LineUnits[] | undefined;
  /** Whether it can be sold again. */
  restock: boolean;
  /** What to pay back for it: nothing, its price, or its price and its share of the shipping. */
  refund: "none" | "goods" | "goods_and_shipping";
};

/**
 * Takes a return in: what arrived, what of it goes back to stock, and what is paid back for it, in one
 * append. Units that were paid back before are not paid back again. Repeating it changes nothing.
 */
export async function receiveReturn(
  io: Pick<Io, "sql" | "clock" | "trace">,
  receipt: ReceiveReturn,
): Promise<Result<OrderState, OrderRefusal>> {
  const { orderId, returnId, actor } = receipt;
  const refundId = await refundIdFor(orderId, `return|${returnId}`);
  return changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      const known = state.returns.find((each) => each.returnId === returnId);
      if (!known) return err({ code: "return_unknown" });
      const units = unitsIn(sumUnits(receipt.lines ?? known.lines));
      if (known.status === "received" && sameUnits(known.received, units)) return ok([]);
      if (known.status !== "requested") return err({ code: "return_closed", status: known.status });
      if (!mayFollow(state, "return.received.v1")) {
        return err({ code: "order_conflict", status: state.status });
      }
      const refusal = exceeding(sumUnits(known.lines), units);
      if (refusal) return err(refusal);
      const restock = receipt.restock ? skusOf(state, units) : [];
      const received: OrderEventBody = {
        type: "return.received.v1",
        data: { returnId, lines: units, restock },
      };
      const refund = refundOf(state, receipt, units);
      if (!refund) return ok([received]);
      const reason = `return ${returnId}`;
      const data = { refundId, ...refund, reason, returnId };
      return ok([received, { type: "refund.requested.v1", data }]);
    },
  });
}

export type RefuseReturn = { orderId: OrderId; returnId: string; actor: Actor; reason: string };

/** Turns a return down; its units may be announced again. Repeating it changes nothing. */
export function refuseReturn(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, returnId, actor, reason }: RefuseReturn,
): Promise<Result<OrderState, OrderRefusal>> {
  return changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      const known = state.returns.find((each) => each.returnId === returnId);
      if (!known) return err({ code: "return_unknown" });
      if (known.status === "refused" && known.reason === reason) return ok([]);
      if (known.status !== "requested") return err({ code: "return_closed", status: known.status });
      return mayFollow(state, "return.refused.v1")
        ? ok([{ type: "return.refused.v1", data: { returnId, reason } }])
        : err({ code: "order_conflict", status: state.status });
    },
  });
}

/** What to pay back for received units; undefined where nothing is due or nothing is left. */
function refundOf(state: OrderState, { refund }: ReceiveReturn, units: readonly LineUnits[]) {
  if (refund === "none" || whyNoRefund(state)) return undefined;
  const left = unitsToRefund(state);
  const owed = units.flatMap(({ lineId, quantity }) => {
    const rest = Math.min(quantity, left.get(lineId) ?? 0);
    return rest > 0 ? [{ lineId, quantity: rest }] : [];
  });
  if (owed.length === 0) return undefined;
  const shipping = refund === "goods_and_shipping";
  const plan = planRefund(state, { lines: owed, shipping });
  if (plan.ok) return plan.value;
  // Free amounts went back before: what is left of the money is all that this return can have.
  if (plan.error.code !== "refund_exceeds") return undefined;
  const rest = planRefund(state, { amountMinor: plan.error.refundable.amount });
  return rest.ok ? rest.value : undefined;
}

function skusOf({ placed }: OrderState, units: readonly LineUnits[]) {
  return units.flatMap(({ lineId, quantity }) => {
    const line = placed.lines.find(({ id }) => id === lineId);
    return line ? [{ sku: line.sku, quantity }] : [];
  });
}

const sameUnits = (a: readonly LineUnits[], b: readonly LineUnits[]): boolean => {
  const other = sumUnits(b);
  const same = a.every(({ lineId, quantity }) => other.get(lineId) === quantity);
  return same && a.length === other.size;
};
