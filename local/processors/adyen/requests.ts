import { z } from "zod";
import { parseJson } from "../../gateways/gateway.ts";

/** Refuses a request before it is carried out: no effect, and no answer kept under its key. */
export class AdyenError extends Error {
  readonly status: number;
  readonly body: { status: number; errorCode: string; message: string; errorType: string };

  constructor(status: number, errorCode: string, message: string, errorType = "validation") {
    super(message);
    this.status = status;
    this.body = { status, errorCode, message, errorType };
  }
}

const Amount = z.object({ currency: z.string().regex(/^[A-Z]{3}$/), value: z.int().min(1) });
const PaymentMethod = z.union([
  z.object({ type: z.literal("scheme"), storedPaymentMethodId: z.string().min(1) }),
  z.object({ type: z.literal("scheme"), encryptedCardNumber: z.string().min(1) }),
]);
const PaymentRequest = z.object({
  merchantAccount: z.string(),
  amount: Amount,
  reference: z.string().min(1).max(80),
  paymentMethod: PaymentMethod,
  shopperReference: z.string().min(3),
  additionalData: z.object({ manualCapture: z.literal("true") }),
  metadata: z.record(z.string().max(20), z.string().max(80)).default({}),
});
const ModificationRequest = z.object({
  merchantAccount: z.string(),
  amount: Amount.optional(),
  reference: z.string().max(80).optional(),
});
const StandaloneCancelRequest = z.object({
  merchantAccount: z.string(),
  paymentReference: z.string().min(1),
  reference: z.string().max(80).optional(),
});

export const readPaymentMethods = (body: string) =>
  read(z.object({ merchantAccount: z.string() }), body);
export const readPayment = (body: string) => read(PaymentRequest, body);
export const readModification = (body: string) => read(ModificationRequest, body);
export const readStandaloneCancel = (body: string) => read(StandaloneCancelRequest, body);

/** A card that only Adyen's own page can encrypt is always good here; stored ones name their fault. */
export const tokenOf = (method: z.infer<typeof PaymentMethod>): string =>
  "storedPaymentMethodId" in method ? method.storedPaymentMethodId : "tok_ok";

const TOKENS = new Set([
  "tok_ok",
  "tok_declined",
  "tok_insufficient_funds",
  "tok_error_before",
  "tok_timeout_after",
  "tok_refused_connection",
]);

export function assertKnownToken(token: string): void {
  if (!TOKENS.has(token)) {
    throw new AdyenError(422, "800", "Contract not found: storedPaymentMethodId");
  }
}

function read<S extends z.ZodType>(schema: S, body: string): z.output<S> {
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") ?? "body";
  throw new AdyenError(422, "14_0", `Field '${field}' is not valid.`);
}
