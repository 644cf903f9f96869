import { invalid, Problem } from "../platform/http/problem.ts";
import type { CartError } from "./model.ts";

export function cartProblem(error: CartError): Problem {
  switch (error.code) {
    case "cart_unknown":
    case "line_unknown":
      return new Problem("not-found");
    case "sku_unknown":
      return new Problem("sku-unknown");
    case "insufficient_stock":
      return new Problem("insufficient-stock", { available: error.available });
    case "line_limit":
      return new Problem("cart-limit", { maxLines: error.max });
    case "quantity_limit":
      return new Problem("cart-limit", { maxQuantity: error.max });
    case "total_limit":
      return invalid({
        pointer: "/quantity",
        code: error.code,
        message: `a cart's total ends at ${error.max} minor units`,
      });
  }
}
