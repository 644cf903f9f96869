import { randomUUID } from "node:crypto";
import { type Answer, Connection, requestBytes } from "./connection.ts";

const ADDRESS = {
  name: "Ada Lovelace",
  line1: "12 Analytical Way",
  city: "Portland",
  region: "OR",
  postalCode: "97201",
  country: "US",
};

export type Purchase = { ms: number; orderId: string; orderToken: string; checkoutId: string };
type Quoted = { checkoutId: string; quote: { id: string } };
type Placed = { order: { id: string; token: string } };

/** Buys, as a front end would: a cart, two lines, a quote, the payment; each step waits for the last. */
export class Shopper {
  readonly #url: URL;
  readonly #connection: Connection;

  private constructor(url: URL, connection: Connection) {
    this.#url = url;
    this.#connection = connection;
  }

  static async enter(url: URL): Promise<Shopper> {
    return new Shopper(url, await Connection.open(url));
  }

  leave(): void {
    this.#connection.close();
  }

  async buy(skus: readonly [string, string]): Promise<Purchase> {
    const startedAtMs = performance.now();
    const [first, second] = skus;
    const cart = await this.#post<{ token: string }>(201, "cart/lines", {
      sku: first,
      quantity: 1,
    });
    const own = { "Cart-Token": cart.token };
    await this.#post(201, "cart/lines", { sku: second, quantity: 1 }, own);
    const contact = { email: "bench@example.com", shippingAddress: ADDRESS };
    const { checkoutId, quote } = await this.#post<Quoted>(200, "validatecheckout", contact, own);
    const payment = { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } };
    const once = { ...own, "Idempotency-Key": randomUUID() };
    const { order } = await this.#post<Placed>(201, "processorder", payment, once);
    const ms = performance.now() - startedAtMs;
    return { ms, orderId: order.id, orderToken: order.token, checkoutId };
  }

  async #post<T>(
    expected: number,
    path: string,
    body: object,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const answer: Answer = await this.#connection.send(
      requestBytes(this.#url, {
        method: "POST",
        path: `/api/v2/${path}`,
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
    );
    if (answer.status !== expected) throw new Error(`${path}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body.toString()) as T;
  }
}
