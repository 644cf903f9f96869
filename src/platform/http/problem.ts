import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { type DependencyDown, weatherBehind } from "../dependency.ts";
import { logError } from "../telemetry/log.ts";

/** Every problem this API answers: public, pinned by a snapshot test, explained at `/problems/<slug>`. */
export const PROBLEMS = {
  "cart-limit": { status: 409, title: "The cart holds as much as a cart may hold" },
  "checkout-closed": { status: 409, title: "The checkout is already completed or canceled" },
  "checkout-incomplete": { status: 409, title: "The checkout cannot be completed yet" },
  "content-conflict": { status: 409, title: "The content is not at the version that was named" },
  "coupon-refused": { status: 409, title: "The coupon does nothing for this cart" },
  "dependency-unavailable": { status: 503, title: "A system this request needs is unavailable" },
  forbidden: { status: 403, title: "The credentials do not allow this" },
  "idempotency-key-required": { status: 400, title: "This request needs an Idempotency-Key" },
  "idempotency-key-reused": {
    status: 422,
    title: "The Idempotency-Key was used for another request",
  },
  "insufficient-stock": { status: 409, title: "There is not enough stock" },
  internal: { status: 500, title: "Something went wrong on our side" },
  "method-not-allowed": { status: 405, title: "The resource does not support this method" },
  "not-found": { status: 404, title: "There is no such resource" },
  "oidc-conflict": { status: 409, title: "The account elsewhere opens none here" },
  "oidc-refused": { status: 401, title: "The sign-in elsewhere cannot be accepted" },
  "order-conflict": { status: 409, title: "The order's state does not allow this" },
  overloaded: { status: 503, title: "There is too much to do right now" },
  "passkey-conflict": { status: 409, title: "The passkey cannot be added" },
  "passkey-refused": { status: 401, title: "The passkey does not open this" },
  "payment-declined": { status: 402, title: "The payment was declined" },
  "payments-unavailable": { status: 503, title: "Payments cannot be taken right now" },
  "purchase-limit": { status: 409, title: "One shopper may not have that many" },
  "quote-changed": { status: 409, title: "The quote no longer holds" },
  "rate-limited": { status: 429, title: "Too many requests" },
  "request-in-progress": { status: 409, title: "The same request is still being worked on" },
  "request-invalid": { status: 422, title: "The request is not valid" },
  "request-malformed": { status: 400, title: "The request cannot be read" },
  "request-too-large": { status: 413, title: "The request is too large" },
  "second-factor-conflict": {
    status: 409,
    title: "The state of the second factor does not allow this",
  },
  "second-factor-refused": { status: 401, title: "The code is not right, or was used before" },
  "sign-in-refused": { status: 401, title: "The e-mail address or the password is not right" },
  "sku-unknown": { status: 404, title: "There is no such SKU" },
  "staff-key-ended": { status: 409, title: "The staff key has ended already" },
  "step-up-required": { status: 403, title: "A recent proof of who is asking is needed" },
  unauthorized: { status: 401, title: "Valid credentials are needed" },
  "unsupported-media-type": { status: 415, title: "The media type of the body is not supported" },
  "voucher-refused": { status: 409, title: "The voucher cannot pay for this cart" },
} as const;

export type ProblemSlug = keyof typeof PROBLEMS;

/** A refusal on its way out. Thrown by routes, written by `onError` alone. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly slug: ProblemSlug;
  readonly extensions: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    slug: ProblemSlug,
    extensions: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(slug);
    this.slug = slug;
    this.extensions = extensions;
    this.headers = headers;
  }
}

/** The parts of a request that are wrong. `pointer` is RFC 6901 into the body, or `/query/…`, `/header/…`, `/path/…`. */
export type FieldError = { pointer: string; code: string; message: string };

export const invalid = (...errors: FieldError[]): Problem =>
  new Problem("request-invalid", { errors });

/** RFC 9457. The body alone, for places that keep an answer instead of sending it. */
export function problemBody(problem: Problem, requestId: string): string {
  const { status, title } = PROBLEMS[problem.slug];
  const type = `/problems/${problem.slug}`;
  return JSON.stringify({ ...problem.extensions, type, title, status, requestId });
}

export const problemStatus = (problem: Problem) => PROBLEMS[problem.slug].status;

/** An unknown error says nothing about itself; `requestId` leads support to the log line. */
export function onError(error: Error, c: Context): Response {
  const requestId: string = c.get("requestId") ?? "unknown";
  const problem = asProblem(error);
  if (problem.slug === "internal" || problem.slug === "dependency-unavailable") {
    logError("request.failed", error, { requestId, path: c.req.path, method: c.req.method });
  }
  return c.body(problemBody(problem, requestId), problemStatus(problem), {
    "Content-Type": "application/problem+json",
    "Cache-Control": "no-store",
    ...problem.headers,
  });
}

const RETRY_AFTER_SECONDS = "2";

export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && error.status === 413) {
    return new Problem("request-too-large");
  }
  if (error instanceof HTTPException && error.status < 500) return new Problem("request-malformed");
  const weather: DependencyDown | undefined = weatherBehind(error);
  if (weather) {
    const dependency = weather.dependency ?? "object";
    return new Problem(
      "dependency-unavailable",
      { dependency },
      { "Retry-After": RETRY_AFTER_SECONDS },
    );
  }
  return new Problem("internal");
}
