import type { Sku } from "../../../src/shared/ids.ts";
import { CheckoutHost, type Reply } from "./checkout-host.ts";
import { Cart, type Quote } from "./shop.ts";
import type { World } from "./world.ts";

const PATIENCE_MS = 25_000;
const SENDS_MAX = 8;
const QUOTES_MAX = 3;
const BOTH = ["stripe", "adyen"] as const;

/** A person and their browser: impatient, forgetful, with two tabs, and never wrong about what they read. */
export class Shopper {
  readonly name: string;
  readonly cart = new Cart();
  /** Several people have one. */
  readonly address: string;
  readonly isCardBad: boolean;
  isGone = false;
  lastBody = "";
  readonly host: CheckoutHost;
  readonly #world: World;
  #keys = 0;
  #lastRequest: { key: string; quote: Quote } | undefined;

  constructor(world: World, n: number, name: string) {
    this.#world = world;
    this.name = name;
    this.address = `address_${n % 4}`;
    this.isCardBad = world.random.chance(world.hasThieves ? 0.5 : 0.06);
    this.host = new CheckoutHost(world, this, n);
  }

  async buy(wanted: readonly { sku: Sku; quantity: number }[]): Promise<void> {
    for (const { sku, quantity } of wanted) this.cart.add(sku, quantity);
    const { timeline, random, wire } = this.#world;
    for (
      let tried = 0;
      tried < QUOTES_MAX && !this.isGone && this.cart.lines.size > 0;
      tried += 1
    ) {
      const quote = this.#world.shop.quote(this.cart, this.#world.codesFor());
      if (!this.host.quote(quote)) return;
      // Some think for so long that their quote runs out.
      await timeline.sleep(random.chance(0.05) ? 125_000 : random.between(200, 15_000));
      this.isGone = wire.strikes("F20 client gone", 0.04);
      const reply = await this.#pay(quote);
      if (reply?.status === 201) this.#world.afterSale.follow(this.host.orderId);
      if (!reply || reply.status === 201 || reply.status === 202 || reply.status === 402) return;
      await timeline.sleep(random.between(500, 3_000));
    }
  }

  /** When all is quiet, the last request once more: the shop must still say the same. */
  async askAgain(): Promise<void> {
    if (!this.#lastRequest) return;
    const { key, quote } = this.#lastRequest;
    const reply = await this.#send(key, "same", quote);
    if (reply) this.#note(key, "same", reply, true);
  }

  async #pay(quote: Quote): Promise<Reply | undefined> {
    const { timeline, random, wire } = this.#world;
    this.#keys += 1;
    const key = `key_${this.#keys}`;
    this.#lastRequest = { key, quote };
    this.#mischief(key, quote);
    for (let sent = 0; sent < SENDS_MAX; sent += 1) {
      if (sent > 0) wire.fired("F20 same key again");
      const reply = await this.#send(key, "same", quote);
      if (this.isGone) return undefined;
      if (reply) {
        this.#note(key, "same", reply, false);
        const mustWait = reply.status === 409 && reply.body === "in progress";
        if (!mustWait && reply.status < 500) return reply;
      }
      // Some reload at once, some come back from another window much later.
      await timeline.sleep(random.chance(0.1) ? 35_000 : random.between(300, 4_000));
    }
    return undefined;
  }

  /** What else arrives while the payment runs. */
  #mischief(key: string, quote: Quote): void {
    const { timeline, random, wire } = this.#world;
    if (wire.isHealed) return;
    const soon = (act: () => void) => timeline.after(random.between(1, 3_000), act);
    if (wire.strikes("F20 other key at once", 0.04)) {
      soon(() => void this.#sendAndNote("other_tab", "same", quote));
    }
    if (wire.strikes("F20 other body under the key", 0.02)) {
      soon(() => void this.#sendAndNote(key, "other", quote));
    }
    if (random.chance(0.03)) soon(() => void this.#sendAndNote(key, "same", quote));
    if (random.chance(0.15)) {
      const sku = random.pick(this.#world.skus);
      timeline.after(random.between(300, 6_000), () => this.cart.add(sku, 1));
    }
    if (random.chance(0.1)) {
      // Some regret it while the money is only reserved, some once it was collected.
      const afterMs = random.chance(0.6)
        ? random.between(400, 2_500)
        : random.between(2_500, 40_000);
      timeline.after(afterMs, () => this.#world.afterSale.cancel(this.host.orderId));
    }
  }

  async #sendAndNote(key: string, fingerprint: string, quote: Quote): Promise<void> {
    const reply = await this.#send(key, fingerprint, quote);
    if (reply) this.#note(key, fingerprint, reply, false);
  }

  /** Undefined when no answer came: of a crash the client hears nothing. */
  async #send(key: string, fingerprint: string, quote: Quote): Promise<Reply | undefined> {
    const { timeline, random } = this.#world;
    await timeline.sleep(random.between(5, 120));
    const tokens = this.#world.hasBackup ? BOTH : BOTH.slice(0, 1);
    const reply = this.host.complete({ key, fingerprint, quote, tokens });
    const answer = await Promise.race([reply, timeline.sleep(PATIENCE_MS)]);
    await timeline.sleep(random.between(5, 120));
    const isLost = !this.#world.wire.isHealed && random.chance(0.02);
    return isLost ? undefined : (answer ?? undefined);
  }

  #note(key: string, fingerprint: string, { status, body }: Reply, isLast: boolean): void {
    this.lastBody = body;
    const orderId = status === 201 ? body : null;
    const who = `${this.host.checkoutId}`;
    const answer = [key, fingerprint, status, body, orderId, Number(isLast)];
    this.#world.evidence.add("http", who, ...answer);
  }
}
