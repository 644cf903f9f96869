import { invalid, Problem } from "../platform/http/problem.ts";
import type { AccountError } from "./model.ts";

/** Refusals as the problems of the public API. */
export function accountProblem(error: AccountError): Problem {
  switch (error.code) {
    case "account_unknown":
      return new Problem(
        "unauthorized",
        {},
        { "WWW-Authenticate": 'Bearer error="invalid_token"' },
      );
    case "address_unknown":
      return new Problem("not-found");
    case "address_limit":
      return invalid({
        pointer: "",
        code: error.code,
        message: `an account keeps ${error.max} addresses`,
      });
  }
}
