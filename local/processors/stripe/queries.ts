import type { GatewayReply } from "../../gateways/gateway.ts";
import { type Payment, paymentJson, seconds } from "./payment.ts";
import type { Refund, StripeStore } from "./store.ts";
import { invalidParam, missingParam, noSuch } from "./stripe-error.ts";

const LIMIT_MAX = 100;
const LIMIT_DEFAULT = 10;

/** Answers the GET routes; `undefined` for a path that is none of them. */
export function queryStripe(
  store: StripeStore,
  path: string,
  query: URLSearchParams,
): GatewayReply | undefined {
  if (path === "/v1/payment_intents/search") return searchPayments(store, query);
  if (path === "/v1/payment_intents") {
    return page(path, query, store.payments(), (payment) => paymentJson(payment));
  }
  if (path === "/v1/refunds") {
    const paymentId = query.get("payment_intent");
    if (!paymentId) throw missingParam("payment_intent");
    return page(path, query, store.refundsOf(paymentId), refundJson);
  }
  const [, resource, id = ""] = /^\/v1\/(payment_intents|refunds)\/([^/]+)$/.exec(path) ?? [];
  if (resource === "payment_intents") {
    const payment = store.payment(id);
    if (!payment) throw noSuch("payment_intent", id, "intent");
    const expandCharge = query.getAll("expand[]").includes("latest_charge");
    return { status: 200, json: paymentJson(payment, { expandCharge }) };
  }
  if (resource === "refunds") {
    const refund = store.refund(id);
    if (!refund) throw noSuch("refund", id, "id");
    return { status: 200, json: refundJson(refund) };
  }
  return undefined;
}

function page<T extends { id: string }>(
  url: string,
  query: URLSearchParams,
  newestFirst: T[],
  json: (item: T) => object,
): GatewayReply {
  const after = query.get("starting_after");
  const from = after ? newestFirst.findIndex(({ id }) => id === after) + 1 : 0;
  if (after && from === 0) throw noSuch("object", after, "starting_after", 400);
  const limit = limitOf(query);
  const data = newestFirst.slice(from, from + limit).map(json);
  const has_more = newestFirst.length > from + limit;
  return { status: 200, json: { object: "list", url, has_more, data } };
}

function limitOf(query: URLSearchParams): number {
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    throw invalidParam("limit", `limit must be between 1 and ${LIMIT_MAX}`);
  }
  return limit;
}

const CLAUSE =
  /^(?:metadata\[(['"])(?<key>[^'"]+)\1\]|(?<field>status|currency)):(['"])(?<value>[^'"]*)\4$/;

/** `metadata['k']:'v'`, `status:'v'`, `currency:'v'`, joined by AND. Unlike Stripe's, never stale. */
function searchPayments(store: StripeStore, query: URLSearchParams): GatewayReply {
  const text = query.get("query");
  if (!text) throw missingParam("query");
  const clauses = text.split(/\s+AND\s+/i).map((clause) => {
    const groups = CLAUSE.exec(clause.trim())?.groups;
    if (!groups) throw invalidParam("query", `The search query cannot be read: ${clause}`);
    return groups;
  });
  const matches = (payment: Payment) =>
    clauses.every(({ key, field, value }) => {
      const actual = key ? payment.metadata[key] : payment[field as "status" | "currency"];
      return actual === value;
    });
  const found = store.payments().filter(matches);
  const limit = limitOf(query);
  const json = {
    object: "search_result",
    url: "/v1/payment_intents/search",
    has_more: found.length > limit,
    next_page: null,
    data: found.slice(0, limit).map((payment) => paymentJson(payment)),
  };
  return { status: 200, json };
}

export const refundJson = (refund: Refund): object => ({
  id: refund.id,
  object: "refund",
  amount: refund.amount,
  charge: refund.chargeId,
  created: seconds(refund.createdAtMs),
  currency: refund.currency,
  metadata: refund.metadata,
  payment_intent: refund.paymentId,
  status: "succeeded",
});
