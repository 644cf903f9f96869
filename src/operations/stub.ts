const SUFFIX = "_QUEUE";

/** The queues that this Worker may send to, by name: the binding `ORDERS_QUEUE` is the queue `orders`. */
export function boundQueues(env: object): Map<string, Queue> {
  const bindings = Object.entries(env).filter(([name]) => name.endsWith(SUFFIX));
  return new Map(
    bindings.map(([name, queue]) => [
      name.slice(0, -SUFFIX.length).toLowerCase().replaceAll("_", "-"),
      queue as Queue,
    ]),
  );
}
