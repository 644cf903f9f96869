import { z } from "zod";
import { type InventoryEnv, movementsOf } from "../inventory/index.ts";
import {
  listOrderIds,
  type OrderEvidence,
  type OrderState,
  readEvidence,
} from "../orders/index.ts";
import { openProcessors } from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { redemptionsFor, type VoucherEnv } from "../promotions/index.ts";
import { OrderId, type Sku } from "../shared/ids.ts";
import { type Checked, checkOrder } from "./check-order.ts";
import { type MessagesOf, saleOf } from "./trace-order.ts";

/** Queues, mails and captures take their time: younger orders are not in doubt. */
const GRACE_MS = 10 * 60_000;
/** Each is a question to somebody else's system; the others are left for the next page. */
const PROCESSOR_QUESTIONS_MAX = 20;

export const ConsistencyPage = z
  .object({
    findings: z.array(
      z.object({
        orderId: OrderId,
        invariant: z.string(),
        detail: z.string(),
        repair: z.string().describe("What would mend it; nothing has been changed"),
      }),
    ),
    checked: z.int().describe("How many orders this page looked at"),
    unknown: z
      .array(z.object({ orderId: OrderId, what: z.enum(["stock", "payment", "voucher"]) }))
      .describe("What could not be asked: it is neither right nor wrong"),
    nextCursor: z.string().nullable(),
  })
  .meta({ id: "ConsistencyPage" });
export type ConsistencyPage = z.infer<typeof ConsistencyPage>;

export type ConsistencyDeps = { env: InventoryEnv & VoucherEnv; messagesOf: MessagesOf };

/**
 * Holds one page of orders to the invariants, on the live data, and changes nothing. Orders come by
 * their id, so a walk over all pages sees each order that was there when it began.
 */
export async function checkConsistency(
  io: Io,
  { env, messagesOf }: ConsistencyDeps,
  { after, limit }: { after: OrderId | undefined; limit: number },
): Promise<ConsistencyPage> {
  const nowMs = io.clock.nowMs();
  const ids = await listOrderIds(io.sql, { after, limit });
  const [orders, messages] = await Promise.all([readEvidence(io.sql, ids), messagesOf(io, ids)]);
  const doubtful = orders
    .filter((each) => isDoubtful(each, nowMs))
    .slice(0, PROCESSOR_QUESTIONS_MAX);
  const page: ConsistencyPage = {
    findings: [],
    checked: ids.length,
    unknown: [],
    nextCursor: null,
  };
  // One order after another: an audit may take its time, and must not crowd out shoppers.
  for (const evidence of orders) {
    const { orderId, state } = evidence;
    const told = messages.filter((message) => message.orderId === orderId);
    const checked: Checked = {
      evidence,
      mails: told.filter(({ channel }) => channel === "email").map(({ what }) => what),
      movements: state.ok ? await movementsFor(io, env, state.value) : "unknown",
      redemptions: state.ok ? await redemptionsOf(io, env, state.value) : [],
      payment: doubtful.includes(evidence) ? await paymentOf(io, evidence) : "not_asked",
    };
    page.findings.push(...checkOrder(checked, { nowMs, graceMs: GRACE_MS }));
    if (state.ok && checked.movements === "unknown") page.unknown.push({ orderId, what: "stock" });
    if (checked.redemptions === "unknown") page.unknown.push({ orderId, what: "voucher" });
    if (checked.payment === "unknown") page.unknown.push({ orderId, what: "payment" });
  }
  if (ids.length === limit) page.nextCursor = ids.at(-1) ?? null;
  return page;
}

/** Only orders that should have been captured by now; of the others the events say where the money is. */
const isDoubtful = ({ state }: OrderEvidence, nowMs: number): boolean =>
  state.ok &&
  state.value.status === "placed" &&
  state.value.placed.payment.processor !== "none" &&
  nowMs - state.value.lastEventAtMs > GRACE_MS;

async function movementsFor(io: Io, env: InventoryEnv, order: OrderState) {
  try {
    const bySku = await movementsOf(env, io.meter, saleOf(order));
    return bySku.flatMap(({ sku, movements }): { sku: Sku; kind: string; quantity: number }[] =>
      movements.map(({ kind, quantity }) => ({ sku, kind, quantity })),
    );
  } catch (error) {
    logError("consistency.stock_unknown", error, { orderId: order.id });
    return "unknown" as const;
  }
}

async function redemptionsOf(
  io: Io,
  env: VoucherEnv,
  { id: orderId, placed: { holdId, vouchers = [] } }: OrderState,
): Promise<Checked["redemptions"]> {
  try {
    const ids = vouchers.map(({ id }) => id);
    return await redemptionsFor(env, io.meter, holdId, ids);
  } catch (error) {
    logError("consistency.voucher_unknown", error, { orderId });
    return "unknown";
  }
}

async function paymentOf(io: Io, { orderId, state }: OrderEvidence): Promise<Checked["payment"]> {
  if (!state.ok) return "not_asked";
  const { payment, holdId } = state.value.placed;
  if (payment.processor === "none") return "not_asked";
  const processor = openProcessors(io).byName(payment.processor);
  if (!processor) return "unknown";
  try {
    // An attempt names its hold and its payment by the same key.
    return await processor.find(holdId);
  } catch (error) {
    logError("consistency.payment_unknown", error, { orderId });
    return "unknown";
  }
}
