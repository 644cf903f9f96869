import type { OrderEvent } from "../../../src/orders/model.ts";
import { weatherBehind } from "../../../src/platform/dependency.ts";
import type { OrderId } from "../../../src/shared/ids.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Caller, Wire } from "./faults.ts";
import type { OrderLog } from "./order-log.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export type Job =
  | "capture"
  | "refund"
  | "refunds"
  | "stock"
  | "restock"
  | "codes"
  | "confirmation"
  | "cancellation";
export type Message = { id: string; job: Job; orderId: OrderId };
type Handle = (message: Message, caller: Caller) => Promise<void>;

const JOBS_OF: Partial<Record<OrderEvent["type"], readonly Job[]>> = {
  "order.placed.v1": ["capture", "confirmation"],
  "payment.captured.v1": ["refund"],
  "refund.requested.v1": ["refunds"],
  "return.received.v1": ["restock"],
  "order.cancelled.v1": ["refund", "stock", "codes", "cancellation"],
};

type QueueParts = {
  timeline: Timeline;
  random: Random;
  wire: Wire;
  evidence: Evidence;
  log: OrderLog;
  bug: Bug | undefined;
  thrown: (place: string, error: unknown) => void;
};

/** At least once, in any order: a message is gone only when its consumer lived to say that it is done. */
export class Queue {
  open = 0;
  handle: Handle = () => Promise.reject(new Error("nobody consumes"));
  readonly #parts: QueueParts;

  constructor(parts: QueueParts) {
    this.#parts = parts;
  }

  /** Tells the queue of an order's new events. What it did not surely hear is told again. */
  async publish(orderId: OrderId, caller: Caller): Promise<void> {
    const { log, wire, bug } = this.#parts;
    const events = log.unpublished(orderId);
    if (events.length === 0) return;
    if (bug === "publish_swallowed") log.markPublished(orderId, events);
    await wire.call(caller, "publish", () => {
      for (const event of events) this.#enqueue(event);
    });
    log.markPublished(orderId, events);
  }

  /** What the clock does for events that were left. */
  sweep(): void {
    const caller = { isAlive: () => true, crash: () => {} };
    for (const orderId of this.#parts.log.behind()) {
      void this.publishOrLeave(orderId, caller);
    }
  }

  async publishOrLeave(orderId: OrderId, caller: Caller): Promise<void> {
    try {
      await this.publish(orderId, caller);
    } catch (error) {
      if (!weatherBehind(error)) throw error;
    }
  }

  #enqueue({ type, eventId, orderId }: OrderEvent): void {
    const { wire, evidence, random } = this.#parts;
    for (const job of JOBS_OF[type] ?? []) {
      const message = { id: `${eventId}:${job}`, job, orderId };
      evidence.add("q", "ENQUEUE", message.id);
      this.#deliver(message, random.between(20, 1_500));
      if (wire.strikes("F13 message delivered twice", 0.02)) {
        this.#deliver(message, random.between(20, 8_000));
      }
    }
  }

  #deliver(message: Message, delayMs: number): void {
    const { timeline, wire } = this.#parts;
    this.open += 1;
    const isLate = wire.strikes("F13 message out of order", 0.02);
    timeline.after(isLate ? delayMs + 20_000 : delayMs, () => this.#consume(message));
  }

  #consume(message: Message): void {
    const { timeline, random, wire, evidence, bug, thrown } = this.#parts;
    let isAlive = true;
    const again = () => {
      if (bug === "ack_before_effect") return;
      this.#deliver(message, random.between(1_000, 6_000));
    };
    const end = () => {
      if (!isAlive) return false;
      isAlive = false;
      this.open -= 1;
      return true;
    };
    const crash = () => {
      if (end()) again();
    };
    if (wire.strikes("F13 consumer died", 0.01)) timeline.after(random.between(1, 400), crash);
    this.handle(message, { isAlive: () => isAlive, crash }).then(
      () => {
        if (end()) evidence.add("q", "DONE", message.id);
      },
      (error: unknown) => {
        if (!weatherBehind(error)) thrown(`consumer of ${message.job}`, error);
        if (end()) again();
      },
    );
  }
}
