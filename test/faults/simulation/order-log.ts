import type { EventData, OrderEvent, OrderEventBody } from "../../../src/orders/model.ts";
import { eventIdFor } from "../../../src/orders/order-id.ts";
import { applyEvent, foldOrder, type OrderState } from "../../../src/orders/state.ts";
import { mayFollow } from "../../../src/orders/transitions.ts";
import type { OrderId } from "../../../src/shared/ids.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Timeline } from "./timeline.ts";

/** `order_events` as a model: unique by order and sequence; what a stream means is the product's fold. */
export class OrderLog {
  readonly #streams = new Map<OrderId, OrderEvent[]>();
  readonly #states = new Map<OrderId, OrderState>();
  readonly #published = new Map<OrderId, number>();
  readonly #timeline: Timeline;
  readonly #bug: Bug | undefined;

  constructor({ timeline, bug }: { timeline: Timeline; bug: Bug | undefined }) {
    this.#timeline = timeline;
    this.#bug = bug;
  }

  place(orderId: OrderId, data: EventData<"order.placed.v1">): void {
    const event = this.#event(orderId, 1, { type: "order.placed.v1", data });
    const stream = this.#streams.get(orderId);
    if (stream && this.#bug === "place_without_unique_key") stream.push(event);
    if (stream) return;
    this.#states.set(orderId, applyEvent(undefined, event));
    this.#streams.set(orderId, [event]);
  }

  find = (orderId: OrderId): OrderState | undefined => this.#states.get(orderId);

  get(orderId: OrderId): OrderState {
    const state = this.find(orderId);
    if (!state) throw new Error(`there is no order ${orderId}`);
    return state;
  }

  /** Appends what may follow now; false when the order does not allow it. */
  append(orderId: OrderId, body: OrderEventBody): boolean {
    const state = this.get(orderId);
    if (!mayFollow(state, body.type)) return false;
    const event = this.#event(orderId, state.version + 1, body);
    this.#states.set(orderId, applyEvent(state, event));
    this.#streams.get(orderId)!.push(event);
    return true;
  }

  events = (orderId: OrderId): readonly OrderEvent[] => this.#streams.get(orderId) ?? [];

  /** All of them at these places in the stream, or none. */
  appendAll(events: readonly OrderEvent[]): "appended" | "conflict" {
    const { orderId, sequence } = events[0]!;
    const state = this.get(orderId);
    if (sequence !== state.version + 1) return "conflict";
    this.#states.set(orderId, events.reduce(applyEvent, state));
    this.#streams.get(orderId)!.push(...events);
    return "appended";
  }

  unpublished(orderId: OrderId): readonly OrderEvent[] {
    return this.#streams.get(orderId)?.slice(this.#published.get(orderId) ?? 0) ?? [];
  }

  markPublished(orderId: OrderId, events: readonly OrderEvent[]): void {
    const done = this.#published.get(orderId) ?? 0;
    const newest = Math.max(done, ...events.map(({ sequence }) => sequence));
    this.#published.set(orderId, newest);
  }

  /** Orders with events that the queue has not heard of: what a sweep finds. */
  behind = (): OrderId[] =>
    [...this.#streams.keys()].filter((orderId) => this.unpublished(orderId).length > 0);

  tell(evidence: Evidence): void {
    for (const [orderId, stream] of this.#streams) {
      for (const { sequence, eventId, type } of stream) {
        evidence.add("events", orderId, sequence, eventId, type);
      }
      this.#tellOrder(orderId, evidence);
    }
  }

  #tellOrder(orderId: OrderId, evidence: Evidence): void {
    const events = this.#streams.get(orderId)!;
    // Folded once more from its events, and not from what was kept meanwhile.
    const state = this.#bug === "place_without_unique_key" ? this.get(orderId) : foldOrder(events)!;
    const { checkoutId, holdId, quoteId, payment, totals, lines } = state.placed;
    const money = [
      totals.total.amount,
      totals.shipping.amount,
      totals.discount.amount,
      totals.voucher?.amount ?? 0,
      state.payment.captured,
      state.payment.refunded,
    ];
    const names = [orderId, checkoutId, holdId, quoteId, payment.processor, payment.paymentId];
    evidence.add("orders", ...names, state.status, totals.total.currency, ...money);
    this.#tellRefunds(state, evidence);
    for (const { sku, quantity, unitPrice } of lines) {
      evidence.add("lines", orderId, sku, quantity, unitPrice.amount);
    }
  }

  #tellRefunds({ id, placed, refunds, returns }: OrderState, evidence: Evidence): void {
    for (const { refundId, status, amount, vouchers = [] } of refunds) {
      const minor = [amount.amount, vouchers.reduce((sum, part) => sum + part.amount.amount, 0)];
      evidence.add("refunds", refundId, id, placed.holdId, status, ...minor);
    }
    for (const { returnId, restock, restocked } of returns) {
      for (const { sku, quantity } of restock) {
        evidence.add("restocks", `restock:${returnId}`, sku, quantity, Number(restocked));
      }
    }
  }

  #event(orderId: OrderId, sequence: number, body: OrderEventBody): OrderEvent {
    const eventId = eventIdFor(orderId, sequence);
    const actor = { kind: "system" as const, id: "simulation" };
    const occurredAtMs = this.#timeline.nowMs;
    return { ...body, orderId, sequence, eventId, actor, occurredAtMs, trace: "req_simulated" };
  }
}
