import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { commsDeps } from "./deps.ts";

/** Tells shoppers about their orders, and keeps account of the carts they left behind. */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, commsDeps(env, batch.queue)),
} satisfies ExportedHandler<object>;
