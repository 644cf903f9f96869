import { vi } from "vitest";
import { ADDRESS, call, ownSku, roundTrips, sell } from "../support/worker-shop.ts";

export type Money = { amount: number; currency: string };
export type Cart = {
  token: string;
  lines: { id: string; discount: Money }[];
  coupons: { code: string; discount: Money; reason?: string; freeShipping: boolean }[];
  vouchers: { id: string; code: string; balance: Money | null; reason?: string }[];
  promotions: { title: string; discount: Money }[];
  totals: { subtotal: Money; discount: Money; total: Money };
};
export type Totals = Record<
  "subtotal" | "discount" | "shipping" | "tax" | "voucher" | "total",
  Money
>;
export type Quote = {
  id: string;
  totals: Totals;
  amountDue: Money;
  lines: { total: Money; discount: Money; tax: Money }[];
  promotions: { code: string | null; discount: Money }[];
  vouchers: { id: string; code: string; amount: Money }[];
};
export type Validated = {
  checkoutId: string;
  quote: Quote;
  problems: { code: string; refused?: string; reason?: string }[];
};
export type Refused = { type: string; reason: string; code: string };

export const usd = (amount: number): Money => ({ amount, currency: "USD" });
export const ownCode = (): string => `T${crypto.randomUUID().replaceAll("-", "").toUpperCase()}`;

export const ops = <T>(method: string, path: string, body?: unknown, key?: string) =>
  call<T>(method, `/ops/v1${path}`, {
    ...(body === undefined ? {} : { body }),
    headers: key === undefined ? {} : { "Idempotency-Key": key },
  });

/** A coupon of 10 %, with a code of its own, unless told otherwise. */
export async function coupon(more: Record<string, unknown> = {}): Promise<string> {
  const code = ownCode();
  const effect = { kind: "percentage", basisPoints: 1_000 };
  const made = await ops<{ id: string }>("POST", "/promotions", {
    code,
    title: "Sale",
    effect,
    ...more,
  });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  return code;
}

export async function voucher(amount: number): Promise<{ id: string; code: string }> {
  const issued = await ops<{ id: string; code: string }>("POST", "/vouchers", {
    amount: usd(amount),
  });
  return issued.body;
}

export const balanceOf = async (code: string): Promise<number> =>
  (await ops<{ balance: Money }>("GET", `/vouchers/${code}`)).body.balance.amount;

/** Waits until the stock buffer knows a SKU: before, its stock costs one more step. */
export const buffered = (sku: string) =>
  vi.waitFor(
    async () => {
      const answered = await call("GET", `/api/v2/availability?sku=${sku}`);
      if (roundTrips(answered) !== 1) throw new Error(`${sku} is not in the buffer yet`);
    },
    { timeout: 10_000, interval: 200 },
  );

/** A cart with some units, at 20.00, of a SKU of its own, and what a shopper does with it. */
export async function shopper(options: { sku?: string; quantity?: number } = {}) {
  const { sku = ownSku(), quantity = 1 } = options;
  if (options.sku === undefined) await sell({ sku, price: "20.00", stock: 1_000 });
  const added = await call<Cart>("POST", "/api/v2/cart/lines", { body: { sku, quantity } });
  const headers = { "Cart-Token": added.body.token };
  const cart = () => call<Cart>("GET", "/api/v2/cart", { headers });
  const enter = <T = Cart>(kind: "coupons" | "vouchers", code: string) =>
    call<T>("POST", `/api/v2/cart/${kind}`, { body: { code }, headers });
  const leave = (kind: "coupons" | "vouchers", code: string) =>
    call<Cart>("DELETE", `/api/v2/cart/${kind}/${encodeURIComponent(code)}`, { headers });
  const email = `${crypto.randomUUID()}@example.com`;
  const validate = async (more: { email?: string; region?: string } = {}) => {
    const shippingAddress = { ...ADDRESS, region: more.region ?? ADDRESS.region };
    const body = { email: more.email ?? email, shippingAddress };
    return (await call<Validated>("POST", "/api/v2/validatecheckout", { body, headers })).body;
  };
  const pay = (
    { checkoutId, quote }: Validated,
    { key = crypto.randomUUID() as string, token = "tok_ok" as string | null } = {},
  ) =>
    call<{ order: { id: string; token: string; total: Money }; type: string; refused?: unknown[] }>(
      "POST",
      "/api/v2/processorder",
      {
        body: {
          checkoutId,
          quoteId: quote.id,
          ...(token === null ? {} : { payment: { tokens: { stripe: token } } }),
        },
        headers: { ...headers, "Idempotency-Key": key },
      },
    );
  return { sku, headers, cart, enter, leave, validate, pay };
}
