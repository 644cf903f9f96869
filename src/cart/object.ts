import { DurableObject } from "cloudflare:workers";
import { problemBody, problemStatus } from "../platform/http/problem.ts";
import { type Answer, Answers } from "../platform/objects/answers.ts";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { CartId, CheckoutId, LineId, newId, type Sku } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { cartProblem } from "./cart-problem.ts";
import { CartStore } from "./cart-store.ts";
import type { CartChange, CartError, CheckoutCart, SkuFacts, StoredCart } from "./model.ts";
import { planChange, withoutBought } from "./plan-change.ts";
import { CART_MIGRATIONS } from "./tables.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const GUEST_IDLE_MS = 7 * DAY_MS;
const USER_IDLE_MS = 30 * DAY_MS;

export type ChangeRequest = {
  change: CartChange;
  /** The facts of the change's SKU and of every line: the answer shows the whole cart. */
  facts: SkuFacts[];
  /** Whether the first change may make the cart; otherwise a cart that is not there is unknown. */
  create: boolean;
  /** Of a cart that is made. */
  currency: string;
  /** The status of the answer when the change is made. */
  status: number;
  idempotency: { key: string; fingerprint: string } | undefined;
  /** Stands in a refusal that is kept for repeats. */
  requestId: string;
};

export type ChangeReply =
  | { kind: "changed"; answer: Answer; skus: Sku[] }
  | { kind: "replay"; answer: Answer }
  | { kind: "refused"; error: CartError }
  | { kind: "conflict" }
  | { kind: "running" }
  /** Nothing was changed: the cart shows SKUs whose facts the caller did not bring. */
  | { kind: "needs_facts"; skus: Sku[] };

/**
 * Owns one shopper's cart. It knows no prices and calls nobody: callers bring the facts of the
 * moment, so a change and its kept answer are one transaction without an await in between.
 */
export class CartObject extends DurableObject<Env> {
  readonly #carts = new CartStore(this.ctx.storage.sql);
  readonly #answers = new Answers(this.ctx.storage.sql);
  #hasTables: boolean;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#hasTables = hasTables(ctx.storage);
    if (this.#hasTables) migrate(ctx.storage, CART_MIGRATIONS);
  }

  view(): StoredCart | undefined {
    const cart = this.#find();
    if (cart) this.#touchDaily();
    return cart;
  }

  change(request: ChangeRequest): ChangeReply {
    if (!this.#hasTables && !request.create) {
      return { kind: "refused", error: { code: "cart_unknown" } };
    }
    this.#open();
    return this.ctx.storage.transactionSync(() => this.#changeOnce(request));
  }

  /** The cart as a checkout starts from it, under the one checkout id that is open for it. */
  openCheckout(): Result<CheckoutCart, { code: "cart_unknown" | "cart_empty" }> {
    const cart = this.#find();
    if (!cart) return err({ code: "cart_unknown" });
    if (cart.lines.length === 0) return err({ code: "cart_empty" });
    const open = this.#carts.checkoutId();
    const checkoutId = open ?? newId(CheckoutId, "chk");
    if (open === undefined) this.#carts.setCheckout(checkoutId);
    this.#touchDaily();
    const { cartId, version, lines } = cart;
    return ok({ cartId, version, lines, checkoutId });
  }

  /** Takes out what was bought, once per checkout. A cart that has expired since has nothing to clear. */
  clearBought(checkoutId: CheckoutId, bought: { sku: Sku; quantity: number }[]): void {
    if (!this.#hasTables) return;
    this.ctx.storage.transactionSync(() => {
      const cart = this.#find();
      const nowMs = Date.now();
      if (!cart || !this.#carts.recordCleared(checkoutId, nowMs)) return;
      const lines = withoutBought(cart.lines, bought);
      this.#carts.save({ ...cart, version: cart.version + 1, lines }, nowMs);
      this.#carts.forgetCheckout(checkoutId);
    });
  }

  /** Lets the next checkout be a new one, unless it already is. */
  forgetCheckout(checkoutId: CheckoutId): void {
    if (this.#hasTables) this.#carts.forgetCheckout(checkoutId);
  }

  override async alarm(): Promise<void> {
    const touchedAtMs = this.#hasTables ? this.#carts.touchedAtMs() : undefined;
    const expiresAtMs = (touchedAtMs ?? 0) + this.#idleMs();
    if (expiresAtMs > Date.now()) {
      await this.ctx.storage.setAlarm(expiresAtMs);
      return;
    }
    // Before the await, so that a change that comes meanwhile makes new tables instead of missing them.
    this.#hasTables = false;
    await this.ctx.storage.deleteAll();
  }

  #changeOnce(request: ChangeRequest): ChangeReply {
    const { change, create, currency, idempotency, status, requestId } = request;
    const nowMs = Date.now();
    if (idempotency) {
      const claim = this.#answers.claim(idempotency.key, idempotency.fingerprint, nowMs);
      if (claim.kind !== "new") return claim;
    }
    const known = this.#carts.find();
    const cart = known ?? (create ? newCart(currency) : undefined);
    const facts = new Map(request.facts.map((each) => [each.sku, each]));
    const missing = (cart?.lines ?? []).map(({ sku }) => sku).filter((sku) => !facts.has(sku));
    if (missing.length > 0) {
      if (idempotency) this.#answers.release(idempotency.key);
      return { kind: "needs_facts", skus: missing };
    }

    const planned = cart
      ? planChange(cart, change, facts, newId(LineId, "lin"))
      : err({ code: "cart_unknown" });
    if (!planned.ok) {
      if (idempotency) this.#answers.settle(idempotency.key, refusal(planned.error, requestId));
      return { kind: "refused", error: planned.error };
    }
    this.#carts.save(planned.value.cart, nowMs);
    const body = JSON.stringify(planned.value.view);
    const answer = { status, body, headers: { "Content-Type": "application/json" } };
    if (idempotency) this.#answers.settle(idempotency.key, answer);
    return { kind: "changed", answer, skus: planned.value.cart.lines.map(({ sku }) => sku) };
  }

  #find(): StoredCart | undefined {
    return this.#hasTables ? this.#carts.find() : undefined;
  }

  /** With the tables comes the alarm that one day removes them; later changes need not move it. */
  #open(): void {
    if (this.#hasTables) return;
    migrate(this.ctx.storage, CART_MIGRATIONS);
    void this.ctx.storage.setAlarm(Date.now() + this.#idleMs());
    this.#hasTables = true;
  }

  /** Looking at a cart keeps it, for one write a day. */
  #touchDaily(): void {
    const nowMs = Date.now();
    if ((this.#carts.touchedAtMs() ?? nowMs) + DAY_MS < nowMs) this.#carts.touch(nowMs);
  }

  #idleMs(): number {
    return this.ctx.id.name?.startsWith("user:") ? USER_IDLE_MS : GUEST_IDLE_MS;
  }
}

const newCart = (currency: string): StoredCart => ({
  cartId: newId(CartId, "crt"),
  version: 0,
  currency,
  mode: "standard",
  postalCode: null,
  lines: [],
});

function refusal(error: CartError, requestId: string): Answer {
  const problem = cartProblem(error);
  return {
    status: problemStatus(problem),
    body: problemBody(problem, requestId),
    headers: { "Content-Type": "application/problem+json" },
  };
}
