import { hearNews, type NewsEnv, settleOrder } from "../checkout/index.ts";
import { getOrder, listUnsettled } from "../orders/index.ts";
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
