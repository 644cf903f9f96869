/**
 * What `work` comes to, or `late` when it takes longer. The work itself goes on, and a failure after
 * that is nobody's. The timer belongs to the request that waits, so it fires even when the promise's
 * own request is gone.
 */
export async function withinMs<T, const L>(
  work: Promise<T>,
  timeoutMs: number,
  late: L,
): Promise<T | L> {
  const { promise: timedOut, resolve } = Promise.withResolvers<L>();
  const timer = setTimeout(() => resolve(late), timeoutMs);
  try {
    return await Promise.race([work, timedOut]);
  } finally {
    clearTimeout(timer);
  }
}
