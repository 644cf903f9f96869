/** The error object of Stripe's API, as it stands in a body. */
export type StripeErrorBody = {
  type: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
  code?: string;
  decline_code?: string;
  message: string;
  param?: string;
  payment_intent?: unknown;
};

/** Refuses a request before it is carried out: no effect, and no answer kept under its key. */
export class StripeError extends Error {
  readonly status: number;
  readonly body: StripeErrorBody;

  constructor(status: number, body: StripeErrorBody) {
    super(body.message);
    this.status = status;
    this.body = body;
  }
}

export const missingParam = (param: string): StripeError =>
  new StripeError(400, {
    type: "invalid_request_error",
    code: "parameter_missing",
    message: `Missing required param: ${param}.`,
    param,
  });

export const invalidParam = (param: string, message: string, code?: string): StripeError =>
  new StripeError(400, { type: "invalid_request_error", ...(code && { code }), message, param });

export const noSuch = (what: string, id: string, param: string, status = 404): StripeError =>
  new StripeError(status, {
    type: "invalid_request_error",
    code: "resource_missing",
    message: `No such ${what}: '${id}'`,
    param,
  });
