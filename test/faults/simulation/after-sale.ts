import { cancelOrder } from "../../../src/orders/cancel-order.ts";
import { receiveReturn } from "../../../src/orders/close-return.ts";
import type { Actor } from "../../../src/orders/model.ts";
import type { RefundWish } from "../../../src/orders/plan-refund.ts";
import { requestRefund } from "../../../src/orders/request-refund.ts";
import { requestReturn } from "../../../src/orders/request-return.ts";
import { weatherBehind } from "../../../src/platform/dependency.ts";
import type { Io } from "../../../src/platform/io/io.ts";
import type { LineId, OrderId } from "../../../src/shared/ids.ts";
import type { Caller } from "./faults.ts";
import type { OrderIo, OrderParts } from "./order-io.ts";

type Parts = OrderParts & {
  orderIo: OrderIo;
  thrown: (place: string, error: unknown) => void;
};

const STAFF: Actor = { kind: "staff", id: "key_1" } as unknown as Actor;
const TRIES_MAX = 6;
const SOON_MS_MAX = 60_000;
const PERSON: Caller = { isAlive: () => true, crash: () => {} };

/** What shoppers and staff do with an order once they have it: never just once, and not one at a time. */
export class AfterSale {
  readonly #parts: Parts;
  #requests = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Plans what becomes of an order that somebody was just told of. */
  follow(orderId: OrderId): void {
    const { random, wire } = this.#parts;
    if (wire.isHealed || !random.chance(0.35)) return;
    const times = random.between(1, 3);
    for (let n = 0; n < times; n += 1) {
      const act = random.pick([
        this.#refund,
        this.#refund,
        this.#return,
        this.#return,
        this.cancel,
      ]);
      this.#soon(() => act(orderId));
    }
  }

  /** Some press the button twice, some ask the shop on two ways at once. */
  cancel = (orderId: OrderId): void => {
    const { wire } = this.#parts;
    const cancel = (request: string) =>
      this.#ask(orderId, "cancel_order", (io) =>
        cancelOrder(io, { orderId, actor: STAFF, reason: "changed my mind", request }),
      );
    const request = this.#request();
    void cancel(request);
    if (wire.strikes("F20 two cancellations at once", 0.3)) void cancel(this.#request());
    if (wire.strikes("F20 cancellation sent again", 0.3)) void cancel(request);
  };

  #refund = (orderId: OrderId): void => {
    const { wire } = this.#parts;
    const wish = this.#wish(orderId);
    const refund = (request: string) =>
      this.#ask(orderId, "refund_order", (io) =>
        requestRefund(io, { orderId, actor: STAFF, wish, reason: "", request }),
      );
    const request = this.#request();
    void refund(request);
    if (wire.strikes("F20 two refunds at once", 0.3)) void refund(this.#request());
    if (wire.strikes("F20 refund sent again", 0.3)) void refund(request);
  };

  /** Some goods come back, some of them more than once on paper. */
  #return = (orderId: OrderId): void => {
    const { random, timeline, wire, log } = this.#parts;
    const order = log.find(orderId);
    if (!order) return;
    const lines = order.placed.lines
      .filter(() => random.chance(0.7))
      .map(({ id, quantity }) => ({ lineId: id, quantity: random.between(1, quantity) }));
    if (lines.length === 0) return;
    const request = this.#request();
    const refund = random.pick(["none", "goods", "goods_and_shipping"] as const);
    const restock = random.chance(0.7);
    const take = (returnId: string) =>
      this.#ask(orderId, "receive_return", (io) =>
        receiveReturn(io, { orderId, returnId, actor: STAFF, restock, refund }),
      );
    const announce = async () => {
      const asked = await this.#ask(orderId, "ask_return", (io) =>
        requestReturn(io, { orderId, actor: STAFF, lines, reason: "", request } as never),
      );
      if (!asked?.ok) return;
      await timeline.sleep(random.between(100, 20_000));
      void take(asked.value.returnId);
      if (wire.strikes("F20 return received again", 0.3)) void take(asked.value.returnId);
    };
    void announce();
  };

  #wish(orderId: OrderId): RefundWish {
    const { random, log } = this.#parts;
    const order = log.find(orderId);
    const kind = random.pick(["all", "amount", "lines"] as const);
    if (!order || kind === "all") return {};
    const { lines, totals } = order.placed;
    const most = totals.total.amount + (totals.voucher?.amount ?? 0);
    if (kind === "amount") return { amountMinor: random.between(1, Math.max(1, most)) };
    const { id, quantity } = random.pick(lines);
    const units = { lineId: id as LineId, quantity: random.between(1, quantity) };
    return { lines: [units], shipping: random.chance(0.5) };
  }

  /** Who got no answer asks again, with the same words. Refusals are answers. */
  async #ask<T>(
    orderId: OrderId,
    call: string,
    use: (io: Io) => Promise<T>,
  ): Promise<T | undefined> {
    const { timeline, random, queue, orderIo, thrown, log } = this.#parts;
    if (!log.find(orderId)) return undefined;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      try {
        const answer = await use(orderIo.io(PERSON));
        await queue.publishOrLeave(orderId, PERSON);
        return answer;
      } catch (error) {
        if (!weatherBehind(error)) {
          thrown(call, error);
          return undefined;
        }
        await timeline.sleep(random.between(300, 3_000));
      }
    }
    return undefined;
  }

  #request(): string {
    this.#requests += 1;
    return `request_${this.#requests}`;
  }

  #soon(act: () => void): void {
    const { timeline, random } = this.#parts;
    timeline.after(random.between(500, SOON_MS_MAX), act);
  }
}
