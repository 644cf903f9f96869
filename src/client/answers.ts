import type { ClientResponse } from "hono/client";
import type { FieldError, ProblemSlug } from "../platform/http/problem.ts";

export type CallOptions = {
  /** A fresh UUID unless told. Repeat a call with its first key: it takes effect once. */
  idempotencyKey?: string;
  /** For an order that this client has not placed itself. */
  orderToken?: string;
  signal?: AbortSignal;
};

/** RFC 9457, as this API writes it: `extensions` are the members beside the standard ones. */
export type ProblemBody = {
  type: string;
  title: string;
  status: number;
  detail?: string;
  requestId: string;
  errors?: FieldError[];
  [extension: string]: unknown;
};

/** The API's refusal of a call. `slug` says which; `requestId` leads its operators to the log. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly slug: ProblemSlug;
  readonly status: number;
  readonly requestId: string;
  /** One per wrong field, for `request-invalid`. */
  readonly errors: readonly FieldError[];
  readonly problem: ProblemBody;
  /** When to try again, in seconds; `undefined` when the API does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProblemBody, retryAfter: string | null) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`);
    this.slug = problem.type.replace("/problems/", "") as ProblemSlug;
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfterSeconds = retryAfter === null ? undefined : Number(retryAfter);
  }
}

/** Something between here and the API answered in its place: a proxy, a captive portal. */
export class UnexpectedResponse extends Error {
  override readonly name = "UnexpectedResponse";
  readonly status: number;

  constructor(status: number) {
    super(`an answer of status ${status} that the API does not give`);
    this.status = status;
  }
}

export function requestOptions(
  { idempotencyKey, signal }: CallOptions = {},
  more: Record<string, string> = {},
) {
  const key = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  return { headers: { ...key, ...more }, ...(signal ? { init: { signal } } : {}) };
}

/** The bodies of all the successes a route has: where there are two, their fields tell them apart. */
export type BodyOf<Answer> =
  Answer extends ClientResponse<infer Body, number, "json"> ? Body : never;

export async function success<Answer extends ClientResponse<unknown, number, "json">>(
  call: Promise<Answer>,
): Promise<BodyOf<Answer>> {
  const response = await call;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    const problem = (await response.json()) as ProblemBody;
    throw new ProblemError(problem, response.headers.get("Retry-After"));
  }
  if (!response.ok || !type.startsWith("application/json")) {
    await response.body?.cancel();
    throw new UnexpectedResponse(response.status);
  }
  return (await response.json()) as BodyOf<Answer>;
}
