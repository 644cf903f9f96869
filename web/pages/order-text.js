// What an order page says, without a browser: tables of texts.

/** "19.99 USD" as the reader's language writes it. Amounts are counts of the smallest unit. */
export function moneyText({ amount, currency }, locale) {
  const format = new Intl.NumberFormat(locale, { style: "currency", currency });
  const { maximumFractionDigits: digits } = format.resolvedOptions();
  return format.format(amount / 10 ** digits);
}

const STATUS = {
  placed: "We have received your order and are collecting the payment.",
  paid: "Your payment has arrived, and we are getting your order ready.",
  fulfilled: "Everything is on its way.",
  cancelled: "This order is cancelled. Any payment goes back the way it came.",
  refunded: "What you paid has been sent back.",
};

const SHIPMENT = {
  pending: "not sent yet",
  partly_shipped: "sent in part",
  shipped: "sent",
  cancelled: "will not be sent",
};

/** Every part of the page as texts; what is not there is left out. */
export function orderText(order, locale) {
  const money = (value) => moneyText(value, locale);
  const title = (lineId) => order.lines.find(({ id }) => id === lineId)?.title ?? lineId;
  const { totals } = order;
  const sums = [
    ["Subtotal", totals.subtotal, 1],
    ["Discount", totals.discount, -1],
    ["Shipping", totals.shipping, 1],
    ["Tax", totals.tax, 1],
    ["Paid by gift voucher", totals.voucher, -1],
  ].filter(([, value]) => value !== undefined && value.amount !== 0);
  const signed = (value, sign) => money({ ...value, amount: sign * value.amount });
  return {
    heading: `Order ${order.number}`,
    status: STATUS[order.status] ?? order.status,
    lines: order.lines.map((line) => [`${line.quantity} × ${line.title}`, money(line.total)]),
    sums: [
      ...sums.map(([label, value, sign]) => [label, signed(value, sign)]),
      ["Total", money(totals.total)],
    ],
    shipments: order.shipments.map((shipment, at) => ({
      heading: `Shipment ${at + 1} of ${order.shipments.length}: ${SHIPMENT[shipment.status] ?? shipment.status}`,
      from: shipment.location?.name,
      units: shipment.lines.map(({ lineId, quantity }) => `${quantity} × ${title(lineId)}`),
      parcels: shipment.parcels.map(({ carrier, tracking, trackingUrl }) => ({
        text: `${carrier}, ${tracking}`,
        url: trackingUrl,
      })),
    })),
    refunds: order.refunds.map(({ status, amount, vouchers }) => {
      const whole = vouchers.reduce((sum, part) => sum + part.amount.amount, amount.amount);
      const words = { pending: "on its way", refunded: "sent back", failed: "could not be sent" };
      return [money({ ...amount, amount: whole }), words[status] ?? status];
    }),
  };
}
