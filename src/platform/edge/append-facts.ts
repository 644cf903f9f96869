import { assert } from "../../shared/assert.ts";
import type { Result } from "../../shared/result.ts";
import type { Meter } from "../telemetry/meter.ts";
import { type AppendError, type Appended, FACTS_PER_APPEND_MAX, type NewFact } from "./facts.ts";
import type { AppendOptions, EdgeFeedObject } from "./feed-object.ts";

/** What a Worker needs to write to or read from the feed; others than the storefront bind it by `script_name`. */
export type EdgeFeedBinding = { EDGE_FEED: DurableObjectNamespace<EdgeFeedObject> };

const EDGE_FEED_ROOT = "root";

// A stub belongs to the request that made it, so there is a fresh one per call.
export const edgeFeed = ({ EDGE_FEED }: EdgeFeedBinding) => EDGE_FEED.getByName(EDGE_FEED_ROOT);

const APPENDS_MAX = 20;

/**
 * Tells every isolate. More than `FACTS_PER_APPEND_MAX` facts go in several appends; the answer is the
 * last one's, by which all hold. With a `batchId` a repeat appends only what is missing.
 */
export async function appendFacts(
  env: EdgeFeedBinding,
  meter: Meter,
  facts: readonly NewFact[],
  { batchId, byOperator }: AppendOptions = {},
): Promise<Result<Appended, AppendError>> {
  assert(facts.length > 0 && facts.length <= FACTS_PER_APPEND_MAX * APPENDS_MAX, "facts in bounds");
  for (let start = 0; ; start += FACTS_PER_APPEND_MAX) {
    const part = facts.slice(start, start + FACTS_PER_APPEND_MAX);
    const options: AppendOptions = {
      ...(batchId === undefined ? {} : { batchId: start === 0 ? batchId : `${batchId}.${start}` }),
      ...(byOperator === undefined ? {} : { byOperator }),
    };
    const appended = await meter.step("object", async () => edgeFeed(env).append(part, options));
    if (!appended.ok || start + FACTS_PER_APPEND_MAX >= facts.length) return appended;
  }
}
