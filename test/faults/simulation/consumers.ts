import type { OrderEventBody } from "../../../src/orders/model.ts";
import type { OrderState } from "../../../src/orders/state.ts";
import { refundableOf } from "../../../src/orders/transitions.ts";
import { money } from "../../../src/shared/money.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Bug } from "./bugs.ts";
import type { Codes } from "./codes.ts";
import type { Caller, Wire } from "./faults.ts";
import type { OrderLog } from "./order-log.ts";
import type { Processor } from "./processor.ts";
import type { Message, Queue } from "./queue.ts";
import { redemptionsOf } from "./redemptions.ts";
import { CURRENCY, type Shop } from "./shop.ts";
import type { StockRoom } from "./stock-room.ts";

export type ConsumerParts = {
  wire: Wire;
  log: OrderLog;
  queue: Queue;
  stock: StockRoom;
  codes: Codes;
  shop: Shop;
  evidence: Evidence;
  processors: ReadonlyMap<string, Processor>;
  bug: Bug | undefined;
};

/** What follows an order, modelled on the queue's consumers: each effect has a key, each fact one event. */
export class Consumers {
  readonly #parts: ConsumerParts;
  readonly #mails = new Set<string>();
  #calls = 0;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  handle = async (message: Message, caller: Caller): Promise<void> => {
    const order = this.#parts.log.get(message.orderId);
    switch (message.job) {
      case "capture":
        return this.#capture(order, message, caller);
      case "refund":
        return this.#refund(order, message, caller);
      case "stock":
        return this.#returnStock(order, caller);
      case "codes":
        return this.#restoreCodes(order, caller);
      case "confirmation":
      case "cancellation":
        return this.#mail(message, caller);
    }
  };

  async #capture(order: OrderState, message: Message, caller: Caller): Promise<void> {
    if (order.status !== "placed") return;
    const { processor, paymentId, authorized: amount } = order.placed.payment;
    const data = { processor, paymentId, amount };
    if (processor !== "none") {
      const { kind } = await this.#parts.wire.call(caller, "capture", () => {
        const { outcome, isNew } = this.#processor(order).capture(paymentId, `capture:${order.id}`);
        if (isNew) this.#parts.evidence.add("q", "EFFECT", message.id);
        return outcome;
      });
      if (kind === "voided" && this.#parts.log.get(order.id).status !== "cancelled") {
        throw new Error(`order ${order.id} stands, but its authorization is gone`);
      }
      if (kind !== "captured") return;
    }
    await this.#record(order, caller, { type: "payment.captured.v1", data });
  }

  async #refund(order: OrderState, message: Message, caller: Caller): Promise<void> {
    const { processor, paymentId, authorized: amount } = order.placed.payment;
    if (order.status !== "cancelled" || processor === "none") return;
    const { wire, evidence, bug } = this.#parts;
    if (order.payment.status === "authorized") {
      const { kind } = await wire.call(caller, "void", () => {
        const { outcome, isNew } = this.#processor(order).void(paymentId, `void:${order.id}`);
        if (isNew) evidence.add("q", "EFFECT", message.id);
        return outcome;
      });
      const data = { processor, paymentId };
      if (kind === "voided") {
        return this.#record(order, caller, { type: "payment.voided.v1", data });
      }
      const fact = { type: "payment.captured.v1", data: { ...data, amount } } as const;
      await this.#record(order, caller, fact);
    }
    const captured = this.#parts.log.get(order.id);
    const rest = refundableOf(captured);
    if (rest <= 0 || bug === "refund_forgotten") return;
    const back = money(rest, CURRENCY);
    const { kind, ...refund } = await wire.call(caller, "refund", () => {
      const key = `refund:${order.id}`;
      const { outcome, isNew } = this.#processor(order).refund(paymentId, back, key);
      if (isNew) evidence.add("q", "EFFECT", message.id);
      return outcome;
    });
    if (kind !== "refunded" || !("refundId" in refund)) throw new Error("a refund was refused");
    const { refundId } = refund;
    const data = { processor, paymentId, refundId, amount: back };
    await this.#record(order, caller, { type: "payment.refunded.v1", data });
  }

  async #returnStock(order: OrderState, caller: Caller): Promise<void> {
    if (order.status !== "cancelled" || order.stockReturned) return;
    const { holdId, lines } = order.placed;
    const skus = lines.map(({ sku }) => sku);
    const returned = await this.#parts.stock.for(caller).takeBack({ holdId, skus, reason: "" });
    const fact = { type: "order.stock_returned.v1", data: { lines: returned } } as const;
    await this.#record(order, caller, fact);
  }

  async #restoreCodes(order: OrderState, caller: Caller): Promise<void> {
    const { holdId, quoteId } = order.placed;
    const { shop, codes } = this.#parts;
    await codes.restore(caller, holdId, redemptionsOf(shop.quoteOf(quoteId), ""));
  }

  async #mail({ id, job, orderId }: Message, caller: Caller): Promise<void> {
    const { wire, evidence, bug } = this.#parts;
    this.#calls += 1;
    const key = bug === "mail_twice" ? `${id}#${this.#calls}` : id;
    await wire.call(caller, "mail", () => {
      if (this.#mails.has(key)) return;
      this.#mails.add(key);
      evidence.add("mail", orderId, job, key);
      evidence.add("q", "EFFECT", id);
    });
  }

  async #record({ id }: OrderState, caller: Caller, fact: OrderEventBody): Promise<void> {
    const { wire, log, queue } = this.#parts;
    await wire.call(caller, "record", () => {
      if (!isKnown(log.get(id), fact) && !log.append(id, fact)) {
        throw new Error(`${fact.type} happened to an order that does not allow it: ${id}`);
      }
    });
    await queue.publishOrLeave(id, caller);
  }

  #processor(order: OrderState): Processor {
    return this.#parts.processors.get(order.placed.payment.processor)!;
  }
}

function isKnown({ payment, stockReturned }: OrderState, { type, data }: OrderEventBody): boolean {
  switch (type) {
    case "payment.captured.v1":
      return payment.status === "captured" || payment.status === "refunded";
    case "payment.voided.v1":
      return payment.status === "voided";
    case "payment.refunded.v1":
      return payment.refundIds.includes(data.refundId);
    case "order.stock_returned.v1":
      return stockReturned;
    default:
      return false;
  }
}
