import type { EventData, OrderEventBody, OrderView } from "../orders/index.ts";
import { formatMoney } from "../shared/money.ts";
import { oneLine } from "./markup.ts";

export const ORDER_TEMPLATES = [
  "order-confirmation",
  "order-cancellation",
  "order-shipped",
  "order-refunded",
  "return-received",
] as const;
export type OrderTemplate = (typeof ORDER_TEMPLATES)[number];

/** What there is to say, before it becomes a mail or a short message. */
export type Notice = {
  template: OrderTemplate;
  subject: string;
  opening: string;
  items: readonly { what: string; price?: string }[];
  sums: readonly { label: string; price: string }[];
  /** Stands before the link. */
  closing: string;
  /** For phones; undefined where a mail is enough. */
  short: string | undefined;
  /** What stands below the subject on a locked screen; undefined where nobody need be told there. */
  glance: string | undefined;
};

const SEE = "You can see your order here:";

/**
 * Tells one event of an order. `order` is as it was with that event, and nothing later is looked at, so
 * that a repeat says the same to the byte and the provider knows it.
 */
export function noticeOf(
  template: OrderTemplate,
  order: OrderView,
  event?: OrderEventBody,
): Notice {
  const { number } = order;
  switch (template) {
    case "order-confirmation":
      return {
        template,
        subject: `Your order ${number} is confirmed`,
        opening: "Thank you. We have received your payment and are getting your order ready.",
        items: bought(order),
        sums: sumsOf(order),
        closing: "You can see or cancel your order here:",
        short: undefined,
        glance: "Thank you. We have received your payment and are getting it ready.",
      };
    case "order-cancellation":
      return {
        template,
        subject: `Your order ${number} is cancelled`,
        opening:
          "Your order is cancelled. Nothing will be sent, and any payment goes back the way it came.",
        items: bought(order),
        sums: sumsOf(order),
        closing: SEE,
        short: `Your order ${number} is cancelled. Any payment goes back the way it came.`,
        glance: "Nothing will be sent. Any payment goes back the way it came.",
      };
    case "order-shipped":
      return shippedNotice(order, event);
    case "order-refunded":
      return refundedNotice(order, event);
    case "return-received":
      return returnNotice(order, event);
  }
}

function shippedNotice(order: OrderView, event: OrderEventBody | undefined): Notice {
  const parcel = event?.type === "order.shipped.v1" ? event.data : undefined;
  const carrier = oneLine(parcel?.carrier ?? "");
  const tracking = oneLine(parcel?.tracking ?? "");
  const url = parcel?.trackingUrl;
  return {
    template: "order-shipped",
    subject: `Your order ${order.number} is on its way`,
    opening: `These goods have left with ${carrier}, tracking number ${tracking}.${url ? ` Follow them at ${url}` : ""}`,
    items: unitsOf(order, parcel?.lines ?? []),
    sums: [],
    closing: SEE,
    short: `Your order ${order.number} is on its way with ${carrier}: ${url ?? tracking}`,
    glance: "It has left us. Open your order to follow it.",
  };
}

function refundedNotice(order: OrderView, event: OrderEventBody | undefined): Notice {
  if (event?.type === "voucher.credited.v1") return creditNotice(order, event.data);
  const data = event?.type === "payment.refunded.v1" ? event.data : undefined;
  const amount = formatMoney(data?.amount ?? order.payment.refunded);
  const refund = order.refunds.find(({ id }) => id === data?.request);
  return {
    template: "order-refunded",
    subject: `A refund for your order ${order.number}`,
    opening: `We have sent ${amount} back the way you paid. Your bank may take some days to show it.`,
    items: unitsOf(order, refund?.lines ?? []),
    sums: [{ label: "Refunded", price: amount }],
    closing: SEE,
    short: `We have sent back ${amount} for your order ${order.number}.`,
    glance: "The money is on its way back to you. Your bank may take some days to show it.",
  };
}

type Credit = EventData<"voucher.credited.v1">;

/** Of a refund that a gift voucher has its part in: the other part, if any, is a message of its own. */
function creditNotice(order: OrderView, { refundId, vouchers }: Credit): Notice {
  const refund = order.refunds.find(({ id }) => id === refundId);
  const named = vouchers.map(({ id, amount }) => {
    const code = order.vouchers.find((voucher) => voucher.id === id)?.code ?? "";
    return { label: `Back on your gift voucher ${oneLine(code)}`, price: formatMoney(amount) };
  });
  return {
    template: "order-refunded",
    subject: `A refund for your order ${order.number}`,
    opening: "We have put back on your gift voucher what it had paid. You can spend it again now.",
    items: unitsOf(order, refund?.lines ?? []),
    sums: named,
    closing: SEE,
    short: undefined,
    glance: undefined,
  };
}

function returnNotice(order: OrderView, event: OrderEventBody | undefined): Notice {
  const lines = event?.type === "return.received.v1" ? event.data.lines : [];
  return {
    template: "return-received",
    subject: `Your return for order ${order.number} has arrived`,
    opening: "Thank you. These goods have arrived with us. What you are owed follows by itself.",
    items: unitsOf(order, lines),
    sums: [],
    closing: SEE,
    short: `Your return for order ${order.number} has arrived.`,
    glance: "Thank you. What you are owed follows by itself.",
  };
}

const bought = (order: OrderView) =>
  order.lines.map((line) => ({
    what: `${line.quantity} × ${oneLine(line.title)}`,
    price: formatMoney(line.total),
  }));

const unitsOf = (order: OrderView, units: readonly { lineId: string; quantity: number }[]) =>
  units.map(({ lineId, quantity }) => {
    const line = order.lines.find(({ id }) => id === lineId);
    return { what: `${quantity} × ${oneLine(line?.title ?? lineId)}` };
  });

/** Parts of the total that are zero say nothing, except the total itself. */
function sumsOf({ totals }: OrderView): { label: string; price: string }[] {
  const { currency } = totals.total;
  const parts = [
    { label: "Subtotal", amount: totals.subtotal.amount },
    { label: "Discount", amount: -totals.discount.amount },
    { label: "Shipping", amount: totals.shipping.amount },
    { label: "Tax", amount: totals.tax.amount },
    { label: "Paid by voucher", amount: -(totals.voucher?.amount ?? 0) },
  ].filter(({ amount }) => amount !== 0);
  return [...parts, { label: "Total", amount: totals.total.amount }].map(({ label, amount }) => ({
    label,
    price: formatMoney({ amount, currency }),
  }));
}
