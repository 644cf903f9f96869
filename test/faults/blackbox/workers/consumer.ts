import { watchBindings } from "./binding-points.ts";
import { crashing, effect, enter } from "./fault-points.ts";
import { prepare } from "./prepare.ts";

type Handler<E> = {
  queue(batch: MessageBatch, env: E, ctx: ExecutionContext): Promise<void> | void;
};

/** The same consumer, whose every message may meet a fault. Messages side by side: one that waits stops no other. */
export function watchConsumer<E extends object>(real: Handler<E>): Handler<E> {
  return {
    async queue(batch, env, ctx) {
      prepare(env);
      const each = batch.messages.map((message) => {
        const one = { ...batch, queue: batch.queue, messages: [message] } as MessageBatch;
        const handle = async () => real.queue(one, watchBindings(env), ctx);
        const subject = subjectOf(message, batch.queue);
        // The message itself may come twice, beside everything that is done about it.
        const deliver = () => effect("message", { call: handle });
        return subject ? enter(subject, crashing(ctx), deliver) : handle();
      });
      const failed = (await Promise.allSettled(each)).flatMap((result, at) =>
        result.status === "rejected" ? [batch.messages[at]!] : [],
      );
      // Of a run that died the message is not settled: it comes again, as after a crash.
      for (const message of failed) message.retry();
    },
  };
}

/** `ord_1/orders/payment.captured.v1`: what is done about one event by one consumer. */
function subjectOf({ body }: Message, queue: string): string | undefined {
  const { type, data } = body as { type?: string; data?: { orderId?: string } };
  return data?.orderId && `${data.orderId}/${queue}/${type}`;
}
