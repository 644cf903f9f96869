import { z } from "zod";
import { type CheckoutBindings, type JournalEntry, readJournal } from "../checkout/index.ts";
import { type InventoryEnv, LedgerEntry, movementsOf } from "../inventory/index.ts";
import {
  findOrder,
  type OrderState,
  OrderView,
  orderView,
  readEvidence,
  StaffOrderEventView,
  type StoredEvent,
  staffEvent,
} from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { timestamp } from "../shared/clock.ts";
import { type OrderId, Sku } from "../shared/ids.ts";

/** What was told about an order: handed in by the composition, because comms stands beside this context. */
export type MessagesOf = (
  io: Io,
  orderIds: readonly OrderId[],
) => Promise<
  {
    orderId: OrderId;
    eventId: string;
    channel: string;
    what: string;
    providerMessageId: string | null;
    atMs: number;
  }[]
>;

const QueueState = z.object({
  publishedAt: z.iso.datetime().nullable().describe("When its queues last took it"),
  dueAt: z.iso
    .datetime()
    .nullable()
    .describe("When the sweep sends it again, unless it is settled"),
  awaiting: z.array(z.string()).describe("The queues whose consumer has not settled it"),
});

export const OrderTrace = z
  .object({
    order: OrderView.nullable().describe("As it was at `at`; null before it was placed"),
    at: z.iso.datetime(),
    now: z.object({ status: z.string(), version: z.int() }),
    journal: z
      .array(
        z.object({
          attempt: z.int(),
          step: z.string(),
          note: z.string(),
          at: z.iso.datetime(),
          elapsedMs: z.int().describe("Since the attempt began"),
          tookMs: z.int().nullable().describe("Until the next entry of the attempt"),
        }),
      )
      .nullable()
      .describe("The saga's steps, payments too; null when its object could not be asked"),
    events: z.array(StaffOrderEventView.extend({ queues: QueueState })),
    messages: z.array(
      z.object({
        eventId: z.string(),
        channel: z.string(),
        what: z.string().describe("The template, or the receiver of a webhook"),
        providerMessageId: z.string().nullable(),
        at: z.iso.datetime(),
      }),
    ),
    stock: z
      .array(z.object({ sku: Sku, movements: z.array(LedgerEntry) }))
      .nullable()
      .describe("What its hold and its returns moved; null when an object could not be asked"),
  })
  .meta({ id: "OrderTrace" });
export type OrderTrace = z.infer<typeof OrderTrace>;

export type TraceDeps = { env: CheckoutBindings & InventoryEnv; messagesOf: MessagesOf };

/**
 * Everything there is to know about one order, for whoever has to say why it is as it is. The objects
 * may be away: then their part is null, and the rest is told. Undefined for an order without events.
 *
 * @throws InvariantError when its events make no order: the audit says which and why.
 */
export async function traceOrder(
  io: Io,
  { env, messagesOf }: TraceDeps,
  { orderId, atMs }: { orderId: OrderId; atMs: number | undefined },
): Promise<OrderTrace | undefined> {
  const moment = atMs ?? io.clock.nowMs();
  const state = await findOrder(io, orderId);
  if (!state) return undefined;
  const { checkoutId } = state.placed;
  const [evidence, then, messages, journal, stock] = await Promise.all([
    readEvidence(io.sql, [orderId]),
    findOrder(io, orderId, moment),
    messagesOf(io, [orderId]),
    orNull(io, "journal", readJournal(env, io.meter, checkoutId)),
    orNull(io, "stock", movementsOf(env, io.meter, saleOf(state))),
  ]);
  return {
    order: then ? orderView(then) : null,
    at: timestamp(moment),
    now: { status: state.status, version: state.version },
    journal: journal && timed(journal),
    events: (evidence[0]?.events ?? []).flatMap(eventTrace),
    messages: messages.map(({ atMs: sentAtMs, orderId: _, ...message }) => ({
      ...message,
      at: timestamp(sentAtMs),
    })),
    stock,
  };
}

/** A trace is read when something is wrong: a part that cannot be had must not hide the others. */
async function orNull<T>(
  io: Pick<Io, "trace">,
  part: string,
  asking: Promise<T>,
): Promise<T | null> {
  try {
    return await asking;
  } catch (error) {
    logError("trace.part_missing", error, { part, trace: io.trace });
    return null;
  }
}

/** What the ledgers know an order's goods by. */
export const saleOf = ({ placed, returns }: OrderState) => ({
  holdId: placed.holdId,
  returnIds: returns.map(({ returnId }) => returnId),
  skus: placed.lines.map(({ sku }) => sku),
});

function eventTrace({ event, publishedAtMs, dueAtMs, awaiting }: StoredEvent) {
  if (!event) return [];
  const queues = {
    publishedAt: publishedAtMs === null ? null : timestamp(publishedAtMs),
    dueAt: dueAtMs === null ? null : timestamp(dueAtMs),
    awaiting: awaiting.map((name) => name.replace(/_QUEUE$/, "").toLowerCase()),
  };
  return [{ ...staffEvent(event), queues }];
}

function timed(entries: readonly JournalEntry[]) {
  const began = new Map<number, number>();
  return entries.map((entry, at) => {
    const { attempt, step, note, atMs } = entry;
    const startMs = began.get(attempt) ?? atMs;
    began.set(attempt, startMs);
    const next = entries.slice(at + 1).find((later) => later.attempt === attempt);
    return {
      attempt,
      step,
      note,
      at: timestamp(atMs),
      elapsedMs: atMs - startMs,
      tookMs: next ? next.atMs - atMs : null,
    };
  });
}
