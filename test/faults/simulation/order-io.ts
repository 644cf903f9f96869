import type { OrderEvent } from "../../../src/orders/model.ts";
import type { OrderState } from "../../../src/orders/state.ts";
import type { PaymentProcessor, Processors, RefundOutcome } from "../../../src/payments/index.ts";
import { weatherBehind } from "../../../src/platform/dependency.ts";
import type { Io } from "../../../src/platform/io/io.ts";
import type { OrderId } from "../../../src/shared/ids.ts";
import type { Money } from "../../../src/shared/money.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import type { OrderLog } from "./order-log.ts";
import type { Processor } from "./processor.ts";
import type { Queue } from "./queue.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export type OrderParts = {
  timeline: Timeline;
  random: Random;
  wire: Wire;
  evidence: Evidence;
  log: OrderLog;
  queue: Queue;
  processors: ReadonlyMap<string, Processor>;
  bug: Bug | undefined;
};

type Refund = { paymentId: string; amount: Money; key: string };
const REFUND_LATE_MS_MAX = 30_000;

/** What the shop's own use cases of orders are given: a store, a queue and processors, over the network. */
export class OrderIo {
  /** Orders of which a processor has only said that it will. */
  readonly unsettled = new Set<OrderId>();
  readonly #parts: OrderParts;
  readonly #late = new Set<string>();
  readonly #refused = new Set<string>();
  #refundsSent = 0;

  constructor(parts: OrderParts) {
    this.#parts = parts;
  }

  io(caller: Caller): Io {
    const { wire, log, timeline } = this.#parts;
    const alert = { onDuplicateKeyUpdate: async () => {} };
    const sql = {
      read: (orderId: OrderId) => wire.call(caller, "read", () => [...log.events(orderId)]),
      append: (events: readonly OrderEvent[]) =>
        wire.call(caller, "record", () => log.appendAll(events)),
      // Of alerts nothing is asked here.
      insert: () => ({ values: () => alert }),
    };
    const clock = { nowMs: () => timeline.nowMs };
    return { sql, clock, trace: "req_simulated" } as unknown as Io;
  }

  queues(caller: Caller): never {
    const { queue } = this.#parts;
    return { publish: (orderId: OrderId) => queue.publishOrLeave(orderId, caller) } as never;
  }

  /** `effectId` is told where a message does one thing. */
  processors(caller: Caller, orderId: OrderId, effectId?: string): Processors {
    const { wire, evidence, processors } = this.#parts;
    const noted = <T>({ outcome, isNew }: { outcome: T; isNew: boolean }): T => {
      if (isNew && effectId) evidence.add("q", "EFFECT", effectId);
      return outcome;
    };
    const byName = (name: string) => {
      const processor = processors.get(name);
      if (!processor) return undefined;
      return {
        name,
        capture: ({ paymentId, key }: Refund) =>
          known(() => wire.call(caller, "capture", () => noted(processor.capture(paymentId, key)))),
        void: ({ paymentId, key }: Refund) =>
          known(() => wire.call(caller, "void", () => noted(processor.void(paymentId, key)))),
        refund: (refund: Refund) =>
          known(() =>
            wire.call(caller, "refund", () => this.#refund(processor, orderId, refund, noted)),
          ),
      } as unknown as PaymentProcessor;
    };
    return { byName } as unknown as Processors;
  }

  #refund(
    processor: Processor,
    orderId: OrderId,
    { paymentId, amount, key }: Refund,
    noted: (done: ReturnType<Processor["refund"]>) => RefundOutcome,
  ): RefundOutcome {
    const { wire, timeline, random, log, bug } = this.#parts;
    if (bug === "refund_forgotten") return { kind: "refunded", refundId: `re_none_${key}` };
    this.#refundsSent += 1;
    const sentAs = bug === "refund_under_new_key" ? `${key}:${this.#refundsSent}` : key;
    const send = () => noted(processor.refund(paymentId, amount, sentAs));
    if (this.#late.has(sentAs)) return { kind: "accepted" };
    if (processor.hasRefunded(sentAs)) return send();
    const { status, refunds } = log.get(orderId);
    // What a cancelled order still owes is refused to nobody for long: people see to it.
    const isOwed = status === "cancelled" && !refunds.some((refund) => isFailed(refund, key));
    if (!isOwed && (this.#refused.has(sentAs) || wire.strikes("F15 refund refused", 0.2))) {
      // The same key is told the same: a copy that comes late moves nothing.
      this.#refused.add(sentAs);
      if (bug === "refused_refund_taken_for_done")
        return { kind: "refunded", refundId: `re_${key}` };
      return { kind: "refused", reason: "insufficient funds" };
    }
    if (wire.strikes("F16 refund only accepted", 0.2)) {
      this.#late.add(sentAs);
      this.unsettled.add(orderId);
      timeline.after(random.between(1_000, REFUND_LATE_MS_MAX), () => {
        this.#late.delete(sentAs);
        send();
      });
      return { kind: "accepted" };
    }
    return send();
  }
}

const isFailed = ({ refundId, status }: OrderState["refunds"][number], key: string): boolean =>
  status === "failed" && key.endsWith(`:${refundId}`);

/** Weather at a processor is an outcome of its adapter, not an exception. */
async function known<T>(call: () => Promise<T>): Promise<T | { kind: "unknown"; reason: string }> {
  try {
    return await call();
  } catch (error) {
    if (!weatherBehind(error)) throw error;
    return { kind: "unknown", reason: "timeout" };
  }
}
