import type { OrderEventBody, OrderView } from "../orders/index.ts";
import { html, oneLine } from "./markup.ts";
import type { Mail, Sms } from "./model.ts";
import { type Notice, noticeOf, type OrderTemplate } from "./notice.ts";

/** What a shopper is told about an order by mail, as text and as HTML. */
export function orderMail(
  template: OrderTemplate,
  order: OrderView,
  link: string,
  event?: OrderEventBody,
): Mail {
  const notice = noticeOf(template, order, event);
  const { subject, opening, items, sums, closing } = notice;
  const name = oneLine(order.shippingAddress.name);
  const listed = items.map(({ what, price }) => `- ${what}${price ? `: ${price}` : ""}`);
  const text = [
    `Hello ${name},`,
    opening,
    [`Order ${order.number}`, ...listed].join("\n"),
    ...(sums.length > 0 ? [sums.map(({ label, price }) => `${label}: ${price}`).join("\n")] : []),
    `${closing}\n${link}`,
  ].join("\n\n");
  const row = (label: string, price = "") =>
    html`<tr><td>${label}</td><td align="right">${price}</td></tr>`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${subject}</title></head>
<body style="font-family:sans-serif;max-width:40em;margin:auto">
<p>Hello ${name},</p>
<p>${opening}</p>
<h1 style="font-size:1.2em">Order ${order.number}</h1>
<table width="100%">${items.map(({ what, price }) => row(what, price))}
${sums.map(({ label, price }) => row(label, price))}</table>
<p>${closing} <a href="${link}">order ${order.number}</a></p>
</body></html>`;
  const tags = tagsOf(notice, order);
  return { to: order.email, subject, text: `${text}\n`, html: page.text, tags };
}

/** The short form for a phone; undefined where there is none, or no number that one could be sent to. */
export function orderSms(
  template: OrderTemplate,
  order: OrderView,
  event?: OrderEventBody,
): Sms | undefined {
  const notice = noticeOf(template, order, event);
  const to = phoneNumber(order.shippingAddress.phone);
  if (notice.short === undefined || to === undefined) return undefined;
  return { to, text: notice.short, tags: tagsOf(notice, order) };
}

const tagsOf = ({ template }: Notice, order: OrderView) => [
  { name: "order", value: order.id },
  { name: "template", value: template },
];

/** E.164, of what people write with spaces, dots, dashes and brackets. A number without its country is nobody's. */
function phoneNumber(written: string | undefined): string | undefined {
  const digits = written?.replaceAll(/[\s().-]/g, "").replace(/^00/, "+");
  return digits !== undefined && /^\+[1-9]\d{6,14}$/.test(digits) ? digits : undefined;
}

/**
 * Where a guest reads the order. The token stands in the fragment, which browsers send to no server:
 * so it is in no access log and no `Referer`.
 */
export const orderLink = (publicUrl: string, orderId: string, token: string): string =>
  `${publicUrl.replace(/\/$/, "")}/order/${orderId}#token=${token}`;
