import { Envelope, retryDelaySeconds } from "../platform/queues/envelope.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { DeadLetter } from "./keep-dead-letter.ts";

const SUFFIX = "-dlq";

/**
 * Moves messages that ran out of retries out of their dead-letter queue, which forgets them after four
 * days, whatever their shape. An event that was sent several times is one letter. A message leaves its
 * queue once it is stored.
 */
export async function consumeDeadLetters(
  batch: MessageBatch,
  keep: (letter: DeadLetter) => Promise<void>,
): Promise<void> {
  const queue = batch.queue.endsWith(SUFFIX) ? batch.queue.slice(0, -SUFFIX.length) : batch.queue;
  for (const message of batch.messages) {
    try {
      await keep({
        queue,
        messageId: Envelope.safeParse(message.body).data?.id ?? message.id,
        body: message.body,
        reason: `every retry failed; the log has the errors of message ${message.id}`,
      });
      message.ack();
    } catch (error) {
      logError("dead_letter.not_kept", error, { queue, messageId: message.id });
      message.retry({ delaySeconds: retryDelaySeconds(message.attempts) });
    }
  }
}
