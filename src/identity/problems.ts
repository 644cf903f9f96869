import { invalid, Problem, type ProblemSlug } from "../platform/http/problem.ts";
import { unreachable } from "../shared/assert.ts";

const RETRY_AFTER_SECONDS = "2";

/** More passwords wait to be checked than this isolate will take. */
export const overloaded = (): Problem =>
  new Problem("overloaded", {}, { "Retry-After": RETRY_AFTER_SECONDS });

export const SIGN_IN_PROBLEMS = [
  "request-invalid",
  "sign-in-refused",
  "rate-limited",
  "overloaded",
  "dependency-unavailable",
] as const satisfies readonly ProblemSlug[];

export function signInRefused(error: { code: "busy" } | { code: "credentials_refused" }): Problem {
  switch (error.code) {
    case "busy":
      return overloaded();
    case "credentials_refused":
      return new Problem("sign-in-refused", {}, { "WWW-Authenticate": "Bearer" });
    default:
      return unreachable(error);
  }
}

export function linkRefused(error: { code: "busy" } | { code: "link_invalid" }): Problem {
  switch (error.code) {
    case "busy":
      return overloaded();
    case "link_invalid":
      return invalid({
        pointer: "/token",
        code: "link_invalid",
        message: "is no link of ours, was used, or has ended",
      });
    default:
      return unreachable(error);
  }
}

export const passkeyRefused = (): Problem =>
  new Problem("passkey-refused", {}, { "WWW-Authenticate": "Bearer" });

export const notSignedIn = (): Problem =>
  new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
