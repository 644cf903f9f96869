import { Problem } from "../../platform/http/problem.ts";
import { rateLimited } from "../../platform/limits/index.ts";
import { unreachable } from "../../shared/assert.ts";
import type { UseRefusal } from "./use-second-factor.ts";

export function useRefused(error: UseRefusal): Problem {
  switch (error.code) {
    case "code_refused":
      return new Problem("second-factor-refused", {}, { "WWW-Authenticate": "Bearer" });
    case "rate_limited":
      return rateLimited(error);
    default:
      return unreachable(error);
  }
}
