import { env } from "cloudflare:workers";
import { money } from "../../src/shared/money.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

type Told = { id: string; body: string; headers: Record<string, string> };
type Processor = "stripe" | "adyen";
type LedgerEntry = { kind: string; ok: boolean; amount: number; paymentId: string };

const base = (processor: Processor) =>
  processor === "stripe" ? String(env.STRIPE_URL) : String(env.ADYEN_URL).replace("/v71", "");

/** What the local processor would have sent, signed afresh; no API listens where it would go. */
export async function toldOf(processor: Processor, about: string): Promise<Told[]> {
  const answer = await fetch(`${base(processor)}/webhooks`);
  const { events } = (await answer.json()) as { events: Told[] };
  return events.filter(({ body }) => body.includes(about));
}

async function ledgerOf(processor: Processor, checkoutId: string): Promise<LedgerEntry[]> {
  const answer = await fetch(`${base(processor)}/ledger?checkoutId=${checkoutId}`);
  return ((await answer.json()) as { entries: LedgerEntry[] }).entries;
}

/** The movements of both processors for one checkout, such as `adyen capture`. */
export async function movementsOf(checkoutId: string): Promise<string[]> {
  const processors = ["stripe", "adyen"] as const;
  const lists = await Promise.all(
    processors.map(async (name) =>
      (await ledgerOf(name, checkoutId))
        .filter(({ ok }) => ok)
        .map(({ kind }) => `${name} ${kind}`),
    ),
  );
  return lists.flat();
}

export const deliver = (processor: Processor, { body, headers }: Pick<Told, "body" | "headers">) =>
  call<{ received: number }>("POST", `/webhooks/payments/${processor}`, { body, headers });

/** A cart with one line, quoted, and what its shopper can do. */
export async function quoted({ stock = 5 }: { stock?: number } = {}) {
  const sku = ownSku();
  await sell({ sku, stock });
  const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", {
    body: { sku, quantity: 1 },
  });
  const headers = { "Cart-Token": added.body.token };
  const { status, body } = await call<{
    checkoutId: string;
    quote: { id: string; totals: { total: { amount: number } } };
  }>("POST", "/api/v2/validatecheckout", {
    body: { email: "ada@example.com", shippingAddress: ADDRESS },
    headers,
  });
  if (status !== 200) throw new Error(JSON.stringify(body));
  const { checkoutId, quote } = body;
  const pay = (tokens: Partial<Record<Processor, string>>, key = "k") =>
    call<{ order: { id: string; token: string }; type: string; status: string }>(
      "POST",
      "/api/v2/processorder",
      {
        body: { checkoutId, quoteId: quote.id, payment: { tokens } },
        headers: { ...headers, "Idempotency-Key": key },
      },
    );
  const view = async () =>
    (await call<{ status: string }>("GET", `/api/v2/checkouts/${checkoutId}`, { headers })).body;
  const total = money(quote.totals.total.amount, "USD");
  return { sku, checkoutId, total, pay, view };
}

export const orderOf = async (id: string) =>
  (
    await call<{
      status: string;
      version: number;
      payment: { status: string; processor: string; captured: { amount: number } };
      events: { type: string }[];
    }>("GET", `/ops/v1/orders/${id}`)
  ).body;
