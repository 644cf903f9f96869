import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { type OrdersEnv, ordersDeps } from "./deps.ts";

/** Collects the money of placed orders, and puts the goods of cancelled ones back on the shelf. */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, ordersDeps(env)),
} satisfies ExportedHandler<OrdersEnv>;
