import type { Io } from "../platform/io/io.ts";
import type { PaymentProcessor, ProcessorName } from "./model.ts";
import { openStripe } from "./stripe.ts";

/** The processors of this deployment, in the order in which a checkout tries them. */
export type Processors = {
  readonly order: readonly PaymentProcessor[];
  byName(name: ProcessorName): PaymentProcessor | undefined;
};

export function openProcessors({ config, meter }: Pick<Io, "config" | "meter">): Processors {
  const order = [
    openStripe({
      url: config.STRIPE_URL,
      secretKey: config.STRIPE_SECRET_KEY,
      timeoutMs: config.PAYMENT_TIMEOUT_MS,
      meter,
    }),
  ];
  return { order, byName: (name) => order.find((processor) => processor.name === name) };
}
