import { hearNews, type NewsEnv, settleOrder } from "../checkout/index.ts";
import { getOrder, listUnsettled, type OrderState } from "../orders/index.ts";
import {
  closeOpenPayment,
  listOpenPayments,
  type OpenPayment,
  postponeOpenPayment,
  raiseAlert,
  sweepEvents,
} from "../payments/index.ts";
import { weatherBehind } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";

/** Per run and kind. What remains is the next minute's. */
const EACH_MAX = 50;
/** Processors are away for minutes, not for longer: then a person has to know. */
const OVERDUE_AFTER_MS = 15 * 60_000;

/** Processors that tell of captures and refunds by webhook do so within minutes, and repeat what we missed. */
const UNCONFIRMED_AFTER_MS = 4 * 60 * 60_000;

/** Asking again by the same key tells nothing new: either its word comes again, or a person looks. */
const NEXT_STEP = {
  capture:
    "Have it send its webhook again; or, where its own pages or its settlement report show the capture, record it: npm run ops -- confirm-capture ORDER_ID --reference ITS_REFERENCE --note WHERE.",
  refund: "Have it send its webhook again.",
} as const;

/** What the processor has accepted for an order and not told the result of. */
function waitsFor({ payment, refunds }: OrderState): keyof typeof NEXT_STEP | undefined {
  if (payment.status === "pending") return "capture";
  return refunds.some(({ status }) => status === "pending") ? "refund" : undefined;
}

export type Reconciled = { events: number; payments: number; orders: number; left: number };

/**
 * Compares what is open here with what the processors say, and repairs it by the same steps that should
 * have settled it: they ask the processor, so running them again can do nothing twice. What stays open
 * for too long is raised.
 */
export async function reconcilePayments(io: Io, env: NewsEnv): Promise<Reconciled> {
  const hear = hearNews(io, env);
  const events = await sweepEvents(io, hear);
  const done: Reconciled = { events: events.handled, payments: 0, orders: 0, left: events.left };

  for (const payment of await listOpenPayments(io, EACH_MAX)) {
    const settled = await attempted(io, payment.key, payment.sentAtMs, async () => {
      const heard = await hear(askAgain(payment));
      if (heard === "unknown_payment") throw new Error("its checkout does not know it");
      return heard === "settled";
    });
    if (settled) await closeOpenPayment(io, payment.key);
    else await postponeOpenPayment(io, payment);
    done[settled ? "payments" : "left"] += 1;
  }
  for (const { orderId, sinceMs } of await listUnsettled(io, EACH_MAX)) {
    const settled = await attempted(io, orderId, sinceMs, async () => {
      await settleOrder(io, env, await getOrder(io, orderId));
      const waits = waitsFor(await getOrder(io, orderId));
      if (waits && io.clock.nowMs() - sinceMs > UNCONFIRMED_AFTER_MS) {
        const detail = `the processor accepted the ${waits} and has not told what came of it. ${NEXT_STEP[waits]}`;
        await raiseAlert(io, { kind: "movement_unconfirmed", subject: orderId, detail });
      }
      return true;
    });
    done[settled ? "orders" : "left"] += 1;
  }
  return done;
}

/** As if the processor had told of it: the checkout asks, and gives back what it no longer wants. */
const askAgain = ({ key, processor }: OpenPayment) => ({
  processor,
  eventId: `reconcile:${key}`,
  type: "reconcile",
  reference: key,
  paymentId: null,
  amount: null,
  kind: "approval" as const,
  isSetback: false,
  isForeign: false,
});

async function attempted(
  io: Io,
  subject: string,
  sinceMs: number,
  settle: () => Promise<boolean>,
): Promise<boolean> {
  let detail = "the processor does not know yet";
  try {
    if (await settle()) return true;
  } catch (error) {
    if (!weatherBehind(error)) logError("payment.reconcile_failed", error, { subject });
    detail = error instanceof Error ? error.message : String(error);
  }
  if (io.clock.nowMs() - sinceMs > OVERDUE_AFTER_MS) {
    await raiseAlert(io, { kind: "payment_overdue", subject, detail });
  }
  return false;
}
