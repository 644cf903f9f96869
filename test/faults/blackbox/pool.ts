/** Runs one task per item, so many at a time, in the order of the items. */
export async function pool<T>(
  items: readonly T[],
  atOnce: number,
  run: (item: T, at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next;
      next += 1;
      await run(items[at]!, at);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until it holds or time is up; the last answer either way. */
export async function until(holds: () => Promise<boolean>, withinMs: number): Promise<boolean> {
  const giveUpAtMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > giveUpAtMs) return false;
    await sleep(300);
  }
  return true;
}
