import { appendFacts, type EdgeFeedBinding } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { COPY_MS } from "./find-staff.ts";

/** Copies live by their own isolate's clock; this is more than two clocks differ. */
const CLOCKS_MS = 5 * 60_000;

/**
 * Makes every isolate ask the database about these keys and members again, within a second. The fact
 * ends by itself once no copy from before it can be alive, so the feed stays small.
 *
 * @returns when it holds everywhere, in ms since the epoch.
 */
export async function forgetCopies(
  env: EdgeFeedBinding,
  { clock, meter }: Pick<Io, "clock" | "meter">,
  topic: string,
): Promise<number> {
  const untilMs = clock.nowMs() + COPY_MS + CLOCKS_MS;
  const appended = await appendFacts(env, meter, [{ kind: "revoke", value: topic, untilMs }]);
  if (!appended.ok) throw new Error(`the edge feed refused a revocation: ${appended.error.code}`);
  return appended.value.effectiveByMs;
}
