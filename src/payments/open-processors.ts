import type { Io } from "../platform/io/io.ts";
import { openAdyen } from "./adyen.ts";
import { adyenNotifications } from "./event-store.ts";
import type { PaymentProcessor, ProcessorName } from "./model.ts";
import { openStripe } from "./stripe.ts";

/** The processors of this deployment, in the order in which a checkout tries them. */
export type Processors = {
  readonly order: readonly PaymentProcessor[];
  byName(name: ProcessorName): PaymentProcessor | undefined;
};

/** Stripe first; Adyen behind it where the deployment has one. */
export function openProcessors(
  io: Pick<Io, "config" | "meter" | "clock" | "sql">,
  guard: (processor: PaymentProcessor) => PaymentProcessor = (processor) => processor,
): Processors {
  const { config, meter, clock } = io;
  const timeoutMs = config.PAYMENT_TIMEOUT_MS;
  const stripe = openStripe({
    url: config.STRIPE_URL,
    secretKey: config.STRIPE_SECRET_KEY,
    timeoutMs,
    meter,
  });
  const adyen =
    config.ADYEN &&
    openAdyen({
      ...config.ADYEN,
      timeoutMs,
      meter,
      clock,
      settleMs: config.PAYMENT_SETTLE_MS,
      notifications: adyenNotifications(io, config.ADYEN.merchantAccount),
    });
  const order = (adyen ? [stripe, adyen] : [stripe]).map(guard);
  return { order, byName: (name) => order.find((processor) => processor.name === name) };
}
