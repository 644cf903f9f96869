import type { Evidence } from "../evidence/evidence.ts";
import type { Random } from "../simulation/random.ts";
import type { ProofShop } from "./proof-shop.ts";

export type Line = { sku: string; quantity: number };
export type BuyerOptions = {
  n: number;
  lines: readonly Line[];
  tokens: { stripe?: string; adyen?: string };
  coupon?: string;
  voucher?: string;
};
/** `paid`: an order stands. `refused`: it was told so for good. `lost`: never told within its patience. */
export type Ending = "placed" | "declined" | "sold_out" | "refused" | "lost";
type Reply = { status: number; body: Record<string, unknown>; text: string };
type Order = { id: string; token: string };

const SENDS_MAX = 60;
const QUOTES_MAX = 4;
const PATIENCE_MS = 30_000;
const SETTLED = new Set(["completed", "ready_for_complete", "canceled"]);

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A person and their browser, who repeat what was not answered, under the same key. */
export class Buyer {
  readonly canary: string;
  readonly email: string;
  checkoutId = "";
  order: Order | undefined;
  cartToken = "";
  /** From the first click on "pay" until the order was known, for the success that is measured. */
  tookMs = 0;
  pendings = 0;
  readonly options: BuyerOptions;
  readonly #shop: ProofShop;
  readonly #evidence: Evidence;
  readonly #random: Random;
  readonly #extra = new Map<string, number>();
  #quoteId = "";
  #keys = 0;
  #adds = 0;
  #lastKey = "";
  #lastBody: object = {};

  constructor(
    { shop, evidence, random }: { shop: ProofShop; evidence: Evidence; random: Random },
    options: BuyerOptions,
  ) {
    this.#shop = shop;
    this.#evidence = evidence;
    this.#random = random;
    this.options = options;
    this.canary = `canary-${options.n}-`;
    this.email = `${this.canary}@example.com`;
  }

  /** Fills the cart, enters the codes and asks for a quote. */
  async prepare(): Promise<void> {
    for (const { sku, quantity } of this.options.lines) await this.#addLine(sku, quantity);
    const { coupon, voucher } = this.options;
    if (coupon) await this.#enter("coupons", coupon);
    if (voucher) await this.#enter("vouchers", voucher);
    if (!(await this.#validate())) throw new Error(`shopper ${this.options.n} got no quote`);
  }

  /** Pays, and does not give up before an answer that is one. */
  async pay(): Promise<Ending> {
    const startedMs = Date.now();
    for (let quoted = 0; quoted < QUOTES_MAX; quoted += 1) {
      const ending = await this.#payOnce();
      if (ending !== "again") {
        this.tookMs = Date.now() - startedMs;
        return ending;
      }
    }
    return "refused";
  }

  /** Cancels, as often as it takes to be answered. */
  async cancel(): Promise<void> {
    const { order } = this;
    if (!order) return;
    const headers = { "Order-Token": order.token, "Idempotency-Key": `cancel-${order.id}` };
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      const path = `/api/v2/order/${order.id}/cancel`;
      const reply = await this.#send("POST", path, { body: {}, headers });
      if (reply && reply.status < 500 && reply.status !== 409) return;
      await sleep(500);
    }
  }

  /** Something more goes into the cart while the payment runs. */
  async addMeanwhile(sku: string): Promise<void> {
    if (await this.#addLine(sku, 1)) this.#extra.set(sku, (this.#extra.get(sku) ?? 0) + 1);
  }

  /** How the checkout stands, as its shopper sees it. */
  async checkoutStatus(): Promise<string> {
    const reply = await this.#send("GET", `/api/v2/checkouts/${this.checkoutId}`);
    if (reply?.status !== 200) return "unknown";
    const order = reply.body.order as Order | null;
    if (order) this.order = order;
    return String(reply.body.status);
  }

  async isPaid(): Promise<boolean> {
    const { order } = this;
    if (!order) return false;
    const headers = { "Order-Token": order.token };
    const reply = await this.#send("GET", `/api/v2/order/${order.id}`, { headers });
    return reply?.body.status === "paid";
  }

  /** When all is quiet, the last request once more, and a look into the cart. */
  async lookBack(): Promise<void> {
    const again = await this.#complete(this.#lastKey, true);
    if (again) this.#note(this.#lastKey, again, true);
    const cart = await this.#send("GET", "/api/v2/cart");
    const left = new Map(
      ((cart?.body.lines ?? []) as Line[]).map(({ sku, quantity }) => [sku, quantity]),
    );
    const put = new Map(this.#extra);
    for (const { sku, quantity } of this.options.lines)
      put.set(sku, quantity + (put.get(sku) ?? 0));
    for (const [sku, count] of put) {
      this.#evidence.add("carts", this.checkoutId, sku, count, left.get(sku) ?? 0);
    }
  }

  async #payOnce(): Promise<Ending | "again"> {
    this.#keys += 1;
    const key = `${this.canary}${this.#keys}`;
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      const reply = await this.#complete(key);
      if (reply) this.#note(key, reply, false);
      const verdict = reply && (await this.#read(reply));
      if (verdict) return verdict;
      await sleep(this.#random.between(150, 600));
    }
    return "lost";
  }

  /** Undefined where the same request is simply sent again. */
  async #read({ status, body }: Reply): Promise<Ending | "again" | undefined> {
    const type = String(body.type ?? "").replace("/problems/", "");
    if (status === 201) {
      this.order = body.order as Order;
      return "placed";
    }
    if (status === 202) return this.#await();
    if (status === 402) return "declined";
    if (type === "insufficient-stock") return "sold_out";
    if (type === "quote-changed") return (await this.#validate()) ? "again" : "refused";
    if (type === "checkout-closed") return this.#await();
    if (status === 409 || status === 429 || status >= 500) return undefined;
    throw new Error(`shopper ${this.options.n} was told ${status} ${type}`);
  }

  /** The payment is pending: its outcome is told by the checkout. Released, it may be paid again. */
  async #await(): Promise<Ending | "again"> {
    this.pendings += 1;
    const untilMs = Date.now() + PATIENCE_MS * 3;
    while (Date.now() < untilMs) {
      const status = await this.checkoutStatus();
      if (status === "completed") return "placed";
      if (SETTLED.has(status)) return (await this.#validate()) ? "again" : "refused";
      await sleep(250);
    }
    return "lost";
  }

  #complete(key: string, isAgain = false): Promise<Reply | undefined> {
    this.#lastKey = key;
    if (!isAgain) {
      const { checkoutId, options } = this;
      const payment = { tokens: options.tokens };
      this.#lastBody = { checkoutId, quoteId: this.#quoteId, payment };
    }
    const headers = { "Idempotency-Key": key };
    return this.#send("POST", "/api/v2/processorder", { body: this.#lastBody, headers });
  }

  async #validate(): Promise<boolean> {
    const address = { name: this.canary, line1: "1 Proof Road", city: "Portland" };
    const rest = { region: "OR", postalCode: "97201", country: "US" };
    const body = { email: this.email, shippingAddress: { ...address, ...rest } };
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      const reply = await this.#send("POST", "/api/v2/validatecheckout", { body });
      if (reply?.status === 200) {
        this.checkoutId = String(reply.body.checkoutId);
        this.#quoteId = (reply.body.quote as { id: string }).id;
        return true;
      }
      if (reply?.status === 404) return false;
      await sleep(300);
    }
    return false;
  }

  async #addLine(sku: string, quantity: number): Promise<boolean> {
    this.#adds += 1;
    const key = `${this.canary}add-${this.#adds}`;
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      const headers = { "Idempotency-Key": key };
      const options = { body: { sku, quantity }, headers };
      const reply = await this.#send("POST", "/api/v2/cart/lines", options);
      if (reply && reply.status < 500 && reply.status !== 409) {
        this.cartToken ||= String(reply.body.token ?? "");
        return reply.status === 201;
      }
      await sleep(300);
    }
    return false;
  }

  async #enter(kind: "coupons" | "vouchers", code: string): Promise<void> {
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      const reply = await this.#send("POST", `/api/v2/cart/${kind}`, { body: { code } });
      if (reply?.status === 201) return;
      // An object that somebody else's fault has reset: the same again.
      if (reply && reply.status < 500) throw new Error(`${kind} ${code}: ${reply.text}`);
      await sleep(300);
    }
  }

  #note(key: string, { status, text, body }: Reply, isLast: boolean): void {
    const order = status === 201 ? (body.order as Order).id : null;
    const answer = [key, "same", status, text, order, Number(isLast)];
    this.#evidence.add("http", this.checkoutId, ...answer);
  }

  /** Undefined when no answer came. */
  async #send(
    method: string,
    path: string,
    { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<Reply | undefined> {
    const token = this.cartToken ? { "Cart-Token": this.cartToken } : {};
    const reply = await this.#shop.send(method, path, { body, headers: { ...token, ...headers } });
    for (const [found] of reply?.text.matchAll(/canary-\d+-/g) ?? []) {
      if (found !== this.canary) this.#evidence.add("leaks", this.canary, `${path}: ${found}`);
    }
    return reply;
  }
}
