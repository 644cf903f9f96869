import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { type RefundsEnv, refundsDeps } from "./deps.ts";

/** Gives the money of cancelled orders back, once. */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, refundsDeps(env)),
} satisfies ExportedHandler<RefundsEnv>;
