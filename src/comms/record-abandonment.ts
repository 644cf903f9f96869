import { z } from "zod";
import { CartAbandoned } from "../cart/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { Envelope } from "../platform/queues/envelope.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import { EventId } from "../shared/ids.ts";
import { cartAbandonments } from "./schema.ts";

export type RecordResult = { kind: "recorded" } | { kind: "malformed"; reason: string };

const Abandonment = z.object({
  id: EventId,
  occurredAt: z.iso.datetime().transform((at) => Date.parse(at)),
  data: CartAbandoned,
});

/**
 * Keeps that a cart was left behind, once per event, and sends nothing: a mail about it takes an address
 * that the shopper gave and their consent, and nobody asks for that consent yet.
 */
export async function recordAbandonment(
  { sql, clock, trace }: Pick<Io, "sql" | "clock" | "trace">,
  event: Envelope,
): Promise<RecordResult> {
  const read = Abandonment.safeParse(event);
  if (!read.success) return { kind: "malformed", reason: z.prettifyError(read.error) };
  const { id: eventId, occurredAt: abandonedAtMs, data } = read.data;
  const { cartId, version: cartVersion, ownerKind } = data;
  const recordedAtMs = clock.nowMs();
  await sql
    .insert(cartAbandonments)
    .ignore()
    .values({ eventId, cartId, cartVersion, ownerKind, abandonedAtMs, recordedAtMs });
  logInfo("comms.cart_abandoned", { cartId, ownerKind, eventId, trace });
  return { kind: "recorded" };
}
