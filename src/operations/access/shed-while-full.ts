import type { EdgeFeedBinding } from "../../platform/edge/index.ts";
import { QUEUES_FULL_FLAG } from "../../platform/gate/index.ts";
import type { Io } from "../../platform/io/io.ts";
import { logInfo } from "../../platform/telemetry/log.ts";
import { putStanding, SHELVES } from "./standing.ts";

/** The clock strikes each minute: a flag that is not set again ends by itself, whoever died meanwhile. */
const FLAG_MS = 90_000;

/** Closes the expensive routes everywhere while queues are over their mark. */
export async function shedWhileFull(
  io: Pick<Io, "redis" | "meter" | "clock">,
  env: EdgeFeedBinding,
  full: readonly string[],
): Promise<void> {
  if (full.length === 0) return;
  const atMs = io.clock.nowMs();
  const data = full.join(" ");
  const flag = { fact: QUEUES_FULL_FLAG, data, by: "clock", atMs, untilMs: atMs + FLAG_MS };
  await putStanding(io, env, SHELVES.flag, [flag]);
  logInfo("load.shed", { queues: data });
}
