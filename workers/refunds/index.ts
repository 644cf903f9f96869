import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { type RefundsEnv, refundsDeps } from "./deps.ts";

/** Gives money back, once: of cancelled orders, and as refunds that were asked for. */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, refundsDeps(env)),
} satisfies ExportedHandler<RefundsEnv>;
