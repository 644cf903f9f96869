import { z } from "zod";
import type { Appended } from "../platform/edge/index.ts";
import { timestamp } from "../shared/clock.ts";

export const PurgeAnswer = z
  .object({
    position: z.int().describe("The feed's position of the purge"),
    effectiveBy: z.string().describe("From then on no page anywhere shows what was before"),
  })
  .describe("Absent while the feed cannot be reached: the purge then follows within minutes");

/** The part of an operator's answer that says by when pages are fresh. */
export const purgeAnswer = (
  appended: Appended | undefined,
): { purge?: z.infer<typeof PurgeAnswer> } =>
  appended
    ? { purge: { position: appended.position, effectiveBy: timestamp(appended.effectiveByMs) } }
    : {};
