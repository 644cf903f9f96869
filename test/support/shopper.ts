import { randomUUID } from "node:crypto";
import type { ShopTools } from "./e2e-shop.ts";

const ADDRESS = {
  name: "Ada Lovelace",
  line1: "12 Analytical Way",
  city: "Portland",
  region: "OR",
  postalCode: "97201",
  country: "US",
};

export type Quoted = { checkoutId: string; quoteId: string; cartToken: string; total: number };

type PayOptions = {
  /** At Stripe alone. */
  token?: string;
  tokens?: { stripe?: string; adyen?: string };
  key?: string;
};

/** One shopper's way to the till, step by step, over plain HTTP. */
export class Shopper {
  readonly email = `shopper-${randomUUID()}@example.com`;
  readonly #shop: ShopTools;
  cartToken = "";

  constructor(shop: ShopTools) {
    this.#shop = shop;
  }

  async add(sku: string, quantity = 1) {
    const headers = this.cartToken ? { "Cart-Token": this.cartToken } : {};
    const added = await this.#shop.call<{ token?: string }>("POST", "/api/v2/cart/lines", {
      body: { sku, quantity },
      headers,
    });
    this.cartToken ||= added.body.token ?? "";
    return added;
  }

  async validate() {
    return this.#shop.call<{
      checkoutId: string;
      status: string;
      quote: { id: string; totals: { total: { amount: number } } };
      problems: { code: string }[];
    }>("POST", "/api/v2/validatecheckout", {
      body: { email: this.email, shippingAddress: ADDRESS },
      headers: { "Cart-Token": this.cartToken },
    });
  }

  async quote(sku: string, quantity = 1): Promise<Quoted> {
    const added = await this.add(sku, quantity);
    if (added.status !== 201) throw new Error(`add: ${JSON.stringify(added.body)}`);
    const { status, body } = await this.validate();
    if (status !== 200) throw new Error(`validate: ${JSON.stringify(body)}`);
    const { checkoutId, quote } = body;
    const total = quote.totals.total.amount;
    return { checkoutId, quoteId: quote.id, cartToken: this.cartToken, total };
  }

  pay({ checkoutId, quoteId }: Quoted, options: PayOptions = {}) {
    const { token = "tok_ok", tokens = { stripe: token }, key = randomUUID() } = options;
    return this.#shop.call<{
      order: { id: string; number: string; status: string; token: string };
      type: string;
      status: string;
      available: number;
    }>("POST", "/api/v2/processorder", {
      body: { checkoutId, quoteId, payment: { tokens } },
      headers: { "Idempotency-Key": key, "Cart-Token": this.cartToken },
    });
  }

  order(id: string, token: string) {
    return this.#shop.call<{
      status: string;
      payment: { status: string; captured: { amount: number }; refunded: { amount: number } };
    }>("GET", `/api/v2/order/${id}`, { headers: { "Order-Token": token } });
  }

  checkout(id: string) {
    return this.#shop.call<{ status: string; order: { id: string; token: string } | null }>(
      "GET",
      `/api/v2/checkouts/${id}`,
      { headers: { "Cart-Token": this.cartToken } },
    );
  }
}
