import { Connection, requestBytes } from "./connection.ts";
import type { Sale } from "./flash-sale.ts";

/** How long after its answer a purge may take to hold everywhere; DESIGN, section 4. */
const EFFECTIVE_WITHIN_MS = 1_000;
const WRITERS = 4;

type Version = { priceMinor: number; effectiveAtMs: number };

/**
 * The operator of a flash sale: prices that only rise, and stock that leaves and comes back, in turn.
 * Keeps from when on each price must be seen by all.
 */
export class SaleWrites {
  readonly #sale: Sale;
  readonly #nextProduct: () => number;
  readonly #versions = new Map<number, Version[]>();
  readonly #counts = new Map<number, number>();
  readonly #busy = new Set<number>();
  #priceMinor: number;
  #begun = 0;

  constructor(sale: Sale, nextProduct: () => number) {
    this.#sale = sale;
    this.#nextProduct = nextProduct;
    this.#priceMinor = sale.firstPriceMinor;
  }

  get count(): number {
    return this.#begun;
  }

  countOf(product: number): number {
    return this.#counts.get(product) ?? 0;
  }

  /** The newest price that every answer to a request of this moment must have reached. */
  effective(product: number): number | undefined {
    const nowMs = performance.now();
    return this.#versions.get(product)?.findLast(({ effectiveAtMs }) => effectiveAtMs <= nowMs)
      ?.priceMinor;
  }

  async run(startedAtMs: number): Promise<void> {
    const { writesPerSecond, forMs } = this.#sale;
    const write = async () => {
      const url = new URL(this.#sale.urls[0]!);
      const connection = await Connection.open(url);
      for (;;) {
        const dueAtMs = startedAtMs + (this.#begun * 1_000) / writesPerSecond;
        if (dueAtMs - startedAtMs >= forMs) break;
        const isPrice = this.#begun % 2 === 0;
        this.#begun += 1;
        const waitMs = dueAtMs - performance.now();
        if (waitMs > 0) await new Promise((wake) => setTimeout(wake, waitMs));
        await this.#writeOne(connection, url, isPrice);
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: WRITERS }, write));
  }

  async #writeOne(connection: Connection, url: URL, isPrice: boolean): Promise<void> {
    const product = this.#freeProduct();
    this.#busy.add(product);
    this.#counts.set(product, this.countOf(product) + 1);
    const { sku } = this.#sale.products[product]!;
    this.#priceMinor += 1;
    const priceMinor = this.#priceMinor;
    const body = isPrice
      ? { price: { amount: priceMinor, currency: "USD" } }
      : { delta: 1, reason: "sale" };
    const answer = await connection.send(
      requestBytes(url, {
        method: isPrice ? "PATCH" : "POST",
        path: isPrice ? `/ops/v1/variants/${sku}` : `/ops/v1/inventory/${sku}/movements`,
        headers: {
          Authorization: `Bearer ${this.#sale.staffKey}`,
          "Content-Type": "application/json",
        },
        body: JSON.stringify(body),
      }),
    );
    if (answer.status !== 200) throw new Error(`a write: ${answer.status} ${answer.body}`);
    if (isPrice) {
      const versions = this.#versions.get(product) ?? [];
      versions.push({ priceMinor, effectiveAtMs: performance.now() + EFFECTIVE_WITHIN_MS });
      this.#versions.set(product, versions);
    }
    this.#busy.delete(product);
  }

  /** Two writes to one product at once would have no order that could be checked. */
  #freeProduct(): number {
    for (;;) {
      const product = this.#nextProduct();
      if (!this.#busy.has(product)) return product;
    }
  }
}
