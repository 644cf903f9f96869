import {
  capturePayment,
  executeRefunds,
  findOrder,
  type OrderQueues,
  type OrderState,
  orderIdFor,
  refundCancelled,
} from "../orders/index.ts";
import {
  type HeardNews,
  type HearNews,
  openProcessors,
  type PaymentNews,
} from "../payments/index.ts";
import type { Io } from "../platform/io/io.ts";
import { creditAll, type VoucherEnv } from "../promotions/index.ts";
import { CheckoutId, OrderId } from "../shared/ids.ts";
import { type CheckoutBindings, checkoutStub } from "./stub.ts";

export type NewsEnv = CheckoutBindings & SettleEnv;
type SettleEnv = OrderQueues & VoucherEnv;

/** Our keys name what they are for: `chk_…:1`, `chk_…:1:void`, `capture:ord_…`, `refund:ord_…:…`. */
function subjectOf(
  reference: string,
): { checkoutId: CheckoutId; key: string } | OrderId | undefined {
  const [, checkout, number] = /^(chk_[0-9a-z]{1,40}):(\d{1,6})(?::|$)/.exec(reference) ?? [];
  if (checkout) return { checkoutId: CheckoutId.parse(checkout), key: `${checkout}:${number}` };
  const [, order] = /^[a-z]+:(ord_[0-9a-z]{1,40})(?::|$)/.exec(reference) ?? [];
  return order ? OrderId.parse(order) : undefined;
}

/**
 * Wakes whoever a payment belongs to. While there is no order that is the checkout; afterwards the
 * order, whose own use cases ask the processor under their own keys and record what it says.
 */
export const hearNews =
  (io: Io, env: NewsEnv): HearNews =>
  async (news) => {
    const subject = subjectOf(news.reference);
    if (subject === undefined) return "unknown_payment";
    if (typeof subject === "string") {
      const order = await findOrder(io, subject);
      return order ? hearOfOrder(io, env, order, news) : "unknown_payment";
    }
    const { checkoutId, key } = subject;
    const tellCheckout = () => {
      const { processor, kind, amount } = news;
      const told = { processor, kind, amount, key, trace: io.trace };
      return io.meter.step("object", async () => checkoutStub(env, checkoutId).hear(told));
    };
    if (news.kind === "approval" || news.kind === "refusal") return tellCheckout();
    const order = await findOrder(io, await orderIdFor(checkoutId));
    // Another attempt's payment is none of the order's business, even if the checkout is the same.
    if (order?.placed.holdId !== key) return tellCheckout();
    return hearOfOrder(io, env, order, news);
  };

async function hearOfOrder(
  io: Io,
  env: SettleEnv,
  order: OrderState,
  news: PaymentNews,
): Promise<HeardNews> {
  if (!isOrdersMoney(order, news)) return "mismatch";
  // A person was alerted. What is pending is told of its refusal; what was done already stays as it is.
  await settleOrder(io, env, order);
  return "settled";
}

/**
 * Moves the money that an order's state asks for, or finds it moved. Throws while its outcome is not
 * known; safe to repeat, because each movement has a key under which the processor does it once.
 */
export async function settleOrder(io: Io, env: SettleEnv, order: OrderState): Promise<void> {
  const deps = {
    processors: openProcessors(io),
    queues: env,
    creditAll: (credit: Parameters<typeof creditAll>[2]) => creditAll(env, io.meter, credit),
  };
  if (order.status === "placed") await capturePayment(io, deps, order.id);
  else if (order.status === "cancelled") await refundCancelled(io, deps, order.id);
  else await executeRefunds(io, deps, order.id);
}

/** The same processor, the same payment, and exactly its money; a refund may be a part of it. */
function isOrdersMoney({ placed }: OrderState, news: PaymentNews): boolean {
  const { processor, paymentId, authorized } = placed.payment;
  if (news.processor !== processor) return false;
  if (news.paymentId !== null && news.paymentId !== paymentId) return false;
  if (news.amount === null) return true;
  if (news.amount.currency !== authorized.currency) return false;
  return news.kind === "refund"
    ? news.amount.amount <= authorized.amount
    : news.amount.amount === authorized.amount;
}
