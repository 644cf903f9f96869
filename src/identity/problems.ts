import { Problem } from "../platform/http/problem.ts";
import { unreachable } from "../shared/assert.ts";
import type { SignInRefusal } from "./log-in.ts";

const RETRY_AFTER_SECONDS = "2";

/** More passwords wait to be checked than this isolate will take. */
export const overloaded = (): Problem =>
  new Problem("overloaded", {}, { "Retry-After": RETRY_AFTER_SECONDS });

export function signInRefused(error: SignInRefusal): Problem {
  switch (error.code) {
    case "busy":
      return overloaded();
    case "credentials_refused":
      return new Problem("sign-in-refused", {}, { "WWW-Authenticate": "Bearer" });
    default:
      return unreachable(error);
  }
}
