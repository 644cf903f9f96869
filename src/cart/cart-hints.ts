import type { CartHoldings } from "./model.ts";

const OWNERS_MAX = 5_000;

/**
 * What a cart held when this isolate last saw it: a guess, never the truth. It lets prices, stock and
 * promotions be fetched beside the cart instead of after it; a wrong guess costs one more round trip.
 */
export class CartHints {
  readonly #byOwner = new Map<string, CartHoldings>();
  readonly #ownersMax: number;

  constructor(ownersMax = OWNERS_MAX) {
    this.#ownersMax = ownersMax;
  }

  get(owner: string): CartHoldings | undefined {
    return this.#byOwner.get(owner);
  }

  /** Also makes the owner the most recent one; beyond the limit the least recent is forgotten. */
  set(owner: string, holdings: CartHoldings): void {
    this.#byOwner.delete(owner);
    this.#byOwner.set(owner, holdings);
    if (this.#byOwner.size <= this.#ownersMax) return;
    const [oldest] = this.#byOwner.keys();
    if (oldest !== undefined) this.#byOwner.delete(oldest);
  }

  forget(owner: string): void {
    this.#byOwner.delete(owner);
  }
}

/** This isolate's guesses. Plain data, so requests may share it. */
export const cartHints = new CartHints();
