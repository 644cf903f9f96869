import { Problem } from "../platform/http/problem.ts";
import { formatMoney } from "../shared/money.ts";
import type { OrderRefusal } from "./model.ts";

/** Refusals as the problems of the public API. */
export function orderProblem(refusal: OrderRefusal): Problem {
  switch (refusal.code) {
    case "order_unknown":
      return new Problem("not-found");
    case "order_conflict":
      return new Problem("order-conflict", {
        code: refusal.code,
        orderStatus: refusal.status,
        detail: `the order is ${refusal.status}`,
      });
    case "line_unknown":
      return new Problem("request-invalid", {
        errors: [
          {
            pointer: "/lines",
            code: refusal.code,
            message: `no line ${refusal.lineId} was bought`,
          },
        ],
      });
    case "quantity_exceeded":
      return conflict(refusal, `${refusal.left} of line ${refusal.lineId} are left`);
    case "limit_reached":
      return conflict(refusal, `an order takes ${refusal.max} ${refusal.of}`);
    case "nothing_left":
      return conflict(refusal, "nothing is left to do this with");
    case "shipment_unnamed":
      return new Problem("request-invalid", {
        errors: [
          {
            pointer: "/shipmentId",
            code: refusal.code,
            message: `say which shipment left: ${refusal.open.join(", ")}`,
          },
        ],
      });
    case "shipment_unknown":
    case "return_unknown":
      return new Problem("not-found");
    case "return_closed": {
      const { code, status } = refusal;
      return conflict({ code, returnStatus: status }, `the return is ${status} already`);
    }
    case "not_over":
      return conflict(refusal, "the order is not over yet");
    case "refund_exceeds": {
      const { refundable } = refusal;
      return conflict(refusal, `${formatMoney(refundable)} can still be refunded`);
    }
  }
}

const conflict = (extensions: Record<string, unknown>, detail: string): Problem =>
  new Problem("order-conflict", { ...extensions, detail });
