import { invalid, Problem } from "../platform/http/problem.ts";
import type { CartError } from "./model.ts";

export function cartProblem(error: CartError): Problem {
  switch (error.code) {
    case "cart_unknown":
    case "line_unknown":
    case "code_unknown":
      return new Problem("not-found");
    case "sku_unknown":
      return new Problem("sku-unknown");
    case "insufficient_stock":
      return new Problem("insufficient-stock", { available: error.available });
    case "line_limit":
      return new Problem("cart-limit", { maxLines: error.max });
    case "quantity_limit":
      return new Problem("cart-limit", { maxQuantity: error.max });
    case "code_limit":
      return new Problem("cart-limit", { maxCodes: error.max });
    case "coupon_refused":
      return new Problem("coupon-refused", { code: error.coupon, reason: error.reason });
    case "voucher_refused":
      return new Problem("voucher-refused", { code: error.voucher, reason: error.reason });
    case "total_limit":
      return invalid({
        pointer: "/quantity",
        code: error.code,
        message: `a cart's total ends at ${error.max} minor units`,
      });
  }
}
