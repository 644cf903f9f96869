import type { BenchShop } from "./start-bench-shop.ts";

/** How old an isolate's knowledge of purges may be when it answers; DESIGN, section 4. */
export const EFFECTIVE_WITHIN_MS = 1_000;
/**
 * Ends all pages everywhere, and waits. For 10 s after a purge pages are rendered from the primary, so
 * whoever measures renders of ordinary times waits longer than that.
 */
export async function purgeAll({ isolates, backends }: BenchShop, settleMs: number): Promise<void> {
  const response = await fetch(new URL("/ops/v1/purge", isolates[0]), {
    method: "POST",
    headers: {
      Authorization: `Bearer ${backends.staffKey}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ all: true }),
  });
  if (!response.ok) throw new Error(`purge: ${response.status} ${await response.text()}`);
  await response.body?.cancel();
  await new Promise((wake) => setTimeout(wake, settleMs));
}
