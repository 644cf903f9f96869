import type { Edge, EdgeFeedBinding, EdgeReader } from "../../platform/edge/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logError } from "../../platform/telemetry/log.ts";
import { withinMs } from "../../platform/within-ms.ts";
import { restoreRevocations } from "./restore-revocations.ts";

type Restoring = { promise: Promise<void>; startedAtMs: number };
type RestoringContext = { edge: Edge; waitUntil(work: Promise<unknown>): void };

/** How long a request waits. The feed lets somebody else try after as much. */
const RESTORE_TIMEOUT_MS = 5_000;
/** After a try, whatever came of it: a database that is away is not asked by every request. */
const REST_MS = 500;

const restorings = new WeakMap<EdgeReader, Restoring>();

/**
 * For a request with a token that meets a feed which does not know what was revoked: tells the feed, once
 * for all requests of the isolate and, by the feed's leave, of all isolates, and learns it. Whether that
 * worked is `edge.reader.view.isWhole`. Never throws.
 */
export async function awaitWholeFeed(
  io: Pick<Io, "sql" | "meter" | "clock" | "trace">,
  env: EdgeFeedBinding,
  { edge, waitUntil }: RestoringContext,
): Promise<void> {
  if (edge.reader.view.isWhole) return;
  const nowMs = io.clock.nowMs();
  const known = restorings.get(edge.reader);
  const ageMs = known ? nowMs - known.startedAtMs : Number.POSITIVE_INFINITY;
  // A promise of a request that was dropped never settles: it is waited for with a bound, and not for long.
  if (known && ageMs < REST_MS) return withinMs(known.promise, RESTORE_TIMEOUT_MS, undefined);
  const promise = restore(io, env, edge);
  restorings.set(edge.reader, { promise, startedAtMs: nowMs });
  waitUntil(promise);
  await withinMs(promise, RESTORE_TIMEOUT_MS, undefined);
}

async function restore(
  io: Pick<Io, "sql" | "meter" | "clock" | "trace">,
  env: EdgeFeedBinding,
  edge: Edge,
): Promise<void> {
  try {
    await restoreRevocations(io, env);
    // Also where somebody else was at it: they may be done.
    await edge.renew();
  } catch (error) {
    logError("identity.revocations_not_restored", error, { trace: io.trace });
  }
}
