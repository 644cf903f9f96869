import { Problem } from "../platform/http/problem.ts";
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
      return new Problem("order-conflict", {
        code: refusal.code,
        lineId: refusal.lineId,
        returnable: refusal.returnable,
        detail: `${refusal.returnable} of line ${refusal.lineId} can still be returned`,
      });
    case "returns_limit":
      return new Problem("order-conflict", {
        code: refusal.code,
        max: refusal.max,
        detail: `an order takes ${refusal.max} returns`,
      });
  }
}
