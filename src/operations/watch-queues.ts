import type { Io } from "../platform/io/io.ts";
import { type Alert, raiseAlert, resolveAlert } from "./alerts.ts";
import { listQueues } from "./queues.ts";

/**
 * Raises an alert for each queue that is too deep and for each that has dead letters, and ends those
 * that are over. A queue that cannot say how deep it is changes nothing.
 */
export async function watchQueues(
  io: Pick<Io, "sql" | "clock" | "trace" | "meter" | "config">,
  queues: ReadonlyMap<string, Queue>,
): Promise<{ raised: number; full: string[] }> {
  const { QUEUE_DEPTH_ALERT, QUEUE_DEPTH_SHED, DEAD_LETTERS_ALERT } = io.config;
  let raised = 0;
  const full: string[] = [];
  const settle = async (alert: Alert, stands: boolean) => {
    if (stands) raised += 1;
    await (stands ? raiseAlert(io, alert) : resolveAlert(io, alert));
  };
  for (const { name, backlog, deadLetters } of await listQueues(io, queues)) {
    if (backlog) {
      const alert = { kind: "queue_depth", subject: name, detail: backlog } as const;
      await settle(alert, backlog.messages >= QUEUE_DEPTH_ALERT);
      if (backlog.messages >= QUEUE_DEPTH_SHED) full.push(name);
    }
    const alert = { kind: "dead_letters", subject: name, detail: deadLetters } as const;
    await settle(alert, deadLetters.waiting >= DEAD_LETTERS_ALERT);
  }
  return { raised, full };
}
