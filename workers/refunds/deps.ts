import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import type { ConsumerWiring, OrderWake } from "../../src/orders/consume-order-messages.ts";
import { executeRefunds } from "../../src/orders/execute-refunds.ts";
import type { OrderQueues } from "../../src/orders/index.ts";
import { settleEvent } from "../../src/orders/outbox.ts";
import { refundCancelled } from "../../src/orders/refund-cancelled.ts";
import { openProcessors } from "../../src/payments/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { creditAll, type VoucherEnv } from "../../src/promotions/index.ts";

export type RefundsEnv = OrderQueues & VoucherEnv;

export function refundsDeps(env: RefundsEnv): ConsumerWiring {
  const refund = async ({ orderId, trace }: OrderWake) => {
    const io = openIo(env, trace);
    await refundCancelled(io, { processors: openProcessors(io), queues: env }, orderId);
  };
  const execute = async ({ orderId, trace }: OrderWake) => {
    const io = openIo(env, trace);
    const deps = {
      processors: openProcessors(io),
      queues: env,
      creditAll: (credit: Parameters<typeof creditAll>[2]) => creditAll(env, io.meter, credit),
    };
    await executeRefunds(io, deps, orderId);
  };
  return {
    handlers: {
      "order.cancelled.v1": refund,
      "payment.captured.v1": refund,
      "refund.requested.v1": execute,
    },
    settle: ({ eventId, trace }) => settleEvent(openIo(env, trace).sql, eventId, "REFUNDS_QUEUE"),
    park: (letter) => keepDeadLetter(openIo(env, letter.messageId), letter),
  };
}
