import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { type CommsEnv, commsDeps } from "./deps.ts";

/** Tells shoppers and merchants about orders, and keeps account of the carts they left behind. */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, commsDeps(env, batch.queue)),
} satisfies ExportedHandler<CommsEnv>;
