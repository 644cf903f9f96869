import { consumeOrderMessages } from "../../src/orders/consume-order-messages.ts";
import { type OrdersEnv, ordersDeps } from "./deps.ts";

/**
 * Collects the money of placed orders, hands paid ones over to those who send the goods, and puts goods of
 * cancelled orders and of returns back on the shelf.
 */
export default {
  queue: (batch, env) => consumeOrderMessages(batch, ordersDeps(env)),
} satisfies ExportedHandler<OrdersEnv>;
