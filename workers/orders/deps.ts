import { handOver } from "../../src/comms/index.ts";
import { type InventoryEnv, restock, takeBackAll } from "../../src/inventory/index.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import { capturePayment } from "../../src/orders/capture-payment.ts";
import type { ConsumerWiring, OrderWake } from "../../src/orders/consume-order-messages.ts";
import type { OrderQueues } from "../../src/orders/index.ts";
import { settleEvent } from "../../src/orders/outbox.ts";
import { restockReturns } from "../../src/orders/restock-returns.ts";
import { type RestoreAll, restoreCodes } from "../../src/orders/restore-codes.ts";
import { returnStock } from "../../src/orders/return-stock.ts";
import { openProcessors } from "../../src/payments/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { type PromotionsEnv, restoreAll } from "../../src/promotions/index.ts";

export type OrdersEnv = OrderQueues & InventoryEnv & PromotionsEnv;

export function ordersDeps(env: OrdersEnv): ConsumerWiring {
  const capture = async ({ orderId, trace }: OrderWake) => {
    const io = openIo(env, trace);
    await capturePayment(io, { processors: openProcessors(io), queues: env }, orderId);
  };
  return {
    handlers: {
      "order.placed.v1": capture,
      "payment.capture_requested.v1": capture,
      "payment.captured.v1": async (wake) => {
        await handOver(openIo(env, wake.trace), wake);
      },
      "order.cancelled.v1": async ({ orderId, sequence, trace }) => {
        const io = openIo(env, trace);
        const deps = {
          takeBackAll: (sale: Parameters<typeof takeBackAll>[2]) =>
            takeBackAll(env, io.meter, sale),
          queues: env,
        };
        await returnStock(io, deps, orderId);
        const restore: RestoreAll = (id, codes) => restoreAll(env, io.meter, id, codes);
        await restoreCodes(io, restore, orderId);
        await handOver(io, { orderId, sequence });
      },
      "return.received.v1": async ({ orderId, trace }) => {
        const io = openIo(env, trace);
        const putBack = (goods: Parameters<typeof restock>[2]) => restock(env, io.meter, goods);
        await restockReturns(io, { restock: putBack, queues: env }, orderId);
      },
    },
    settle: ({ eventId, trace }) => settleEvent(openIo(env, trace).sql, eventId, "ORDERS_QUEUE"),
    park: (letter) => keepDeadLetter(openIo(env, letter.messageId), letter),
  };
}
