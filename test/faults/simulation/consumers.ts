import { capturePayment } from "../../../src/orders/capture-payment.ts";
import { executeRefunds } from "../../../src/orders/execute-refunds.ts";
import { refundCancelled } from "../../../src/orders/refund-cancelled.ts";
import { restockReturns } from "../../../src/orders/restock-returns.ts";
import { restoreCodes } from "../../../src/orders/restore-codes.ts";
import { returnStock } from "../../../src/orders/return-stock.ts";
import { DependencyDown, weatherBehind } from "../../../src/platform/dependency.ts";
import type { OrderId } from "../../../src/shared/ids.ts";
import type { Codes } from "./codes.ts";
import type { Caller } from "./faults.ts";
import type { OrderIo, OrderParts } from "./order-io.ts";
import type { Message } from "./queue.ts";
import type { StockRoom } from "./stock-room.ts";

export type ConsumerParts = OrderParts & {
  stock: StockRoom;
  codes: Codes;
  orderIo: OrderIo;
  thrown: (place: string, error: unknown) => void;
};

const FOR_PEOPLE = /refund\.failed\.v1 happened|refund ref_\w+ of order/;

/** What follows an order, by the shop's own consumers; the mails are a model. */
export class Consumers {
  readonly #parts: ConsumerParts;
  readonly #mails = new Set<string>();
  #calls = 0;

  constructor(parts: ConsumerParts) {
    this.#parts = parts;
  }

  handle = async (message: Message, caller: Caller): Promise<void> => {
    const { orderIo, stock, codes } = this.#parts;
    const { orderId, job, id } = message;
    const io = orderIo.io(caller);
    const queues = orderIo.queues(caller);
    const shelves = stock.for(caller);
    switch (job) {
      case "capture": {
        const processors = orderIo.processors(caller, orderId, id);
        await capturePayment(io, { processors, queues }, orderId);
        return;
      }
      case "refund": {
        const processors = orderIo.processors(caller, orderId, id);
        await refundCancelled(io, { processors, queues }, orderId);
        return;
      }
      case "refunds":
        return this.#executeRefunds(orderId, caller);
      case "stock":
        await returnStock(io, { takeBackAll: shelves.takeBack, queues }, orderId);
        return;
      case "restock":
        await restockReturns(io, { restock: shelves.restock, queues }, orderId);
        return;
      case "codes":
        await restoreCodes(io, (key, used) => codes.restore(caller, key, used), orderId);
        return;
      case "confirmation":
      case "cancellation":
        return this.#mail(message, caller);
    }
  };

  /** What a reconciler does for those of which a processor has only said that it will. */
  async reconcile(): Promise<void> {
    const { orderIo, log, thrown } = this.#parts;
    const caller = { isAlive: () => true, crash: () => {} };
    const io = orderIo.io(caller);
    for (const orderId of orderIo.unsettled) {
      const { refunds, status, payment } = log.get(orderId);
      const owes = status === "cancelled" && payment.captured > payment.refunded;
      if (!owes && !refunds.some((refund) => refund.status === "pending")) {
        orderIo.unsettled.delete(orderId);
        continue;
      }
      try {
        const deps = {
          processors: orderIo.processors(caller, orderId),
          queues: orderIo.queues(caller),
        };
        if (owes) await refundCancelled(io, deps, orderId);
        await this.#executeRefunds(orderId, caller);
      } catch (error) {
        if (!weatherBehind(error)) thrown("reconciler", error);
      }
    }
  }

  async #executeRefunds(orderId: OrderId, caller: Caller): Promise<void> {
    const { orderIo, codes, log } = this.#parts;
    const deps = {
      processors: orderIo.processors(caller, orderId),
      queues: orderIo.queues(caller),
      creditAll: codes.creditAll(caller),
    };
    try {
      await executeRefunds(orderIo.io(caller), deps, orderId);
    } catch (error) {
      // Refused in the moment of a cancellation: the shop leaves that to people, who send it again.
      const isForPeople = log.get(orderId).status === "cancelled" && FOR_PEOPLE.test(String(error));
      throw isForPeople ? new DependencyDown("people", error) : error;
    }
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
}
