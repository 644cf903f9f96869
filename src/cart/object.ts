import { DurableObject } from "cloudflare:workers";
import { problemBody, problemStatus } from "../platform/http/problem.ts";
import { type Io, openIo } from "../platform/io/io.ts";
import { type Answer, Answers } from "../platform/objects/answers.ts";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { Offers } from "../promotions/index.ts";
import { assert } from "../shared/assert.ts";
import { CartId, CheckoutId, LineId, newId, randomSuffix } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { cartProblem } from "./cart-problem.ts";
import { CartStore } from "./cart-store.ts";
import { deliverMerge, type MovingCart } from "./deliver-merge.ts";
import { DAY_MS, expiresAtMs, mayHaveSnapshot, snapshotAtMs } from "./lifetime.ts";
import { LifetimeStore } from "./lifetime-store.ts";
import { type Merge, MergeStore } from "./merge-store.ts";
import { missingFacts } from "./missing-facts.ts";
import {
  type CartChange,
  type CartContents,
  type CartError,
  type CartHoldings,
  type CartOwner,
  type CheckoutCart,
  holdingsOf,
  LINES_MAX,
  ownerFromName,
  type SkuFacts,
  type StoredCart,
} from "./model.ts";
import { planChange } from "./plan-change.ts";
import { type MergeRefusal, planMerge } from "./plan-merge.ts";
import { commsQueue } from "./stub.ts";
import { CART_MIGRATIONS, CART_TABLES } from "./tables.ts";
import { tellOfCart } from "./tell-of-cart.ts";
import { type Bought, withoutBought } from "./without-bought.ts";

/** The runtime drops an alarm after its sixth failed retry. */
const ALARM_RETRIES_TRUSTED = 5;
const ALARM_REST_MS = 60_000;

export type ChangeRequest = {
  change: CartChange;
  /** The facts of the change's SKU and of every line: the answer shows the whole cart. */
  facts: SkuFacts[];
  /** What each code of the cart and of the change is worth. */
  offers: Offers;
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
  | { kind: "changed"; answer: Answer; holds: CartHoldings }
  | { kind: "replay"; answer: Answer }
  | { kind: "refused"; error: CartError }
  | { kind: "conflict" }
  | { kind: "running" }
  /** Nothing was changed: the cart holds what the caller brought no facts of. */
  | { kind: "needs_facts"; of: CartHoldings };

/** Where a guest's cart is on its way to its shopper's; `moved` once it is there. */
export type BegunMerge = { state: "moved" } | ({ state: "moving" } & MovingCart);

/** `moving`: the lines are neither here nor there yet; `moved`: they are in that shopper's cart. */
export type Cleared =
  | { kind: "done" }
  | { kind: "moving"; merge: MovingCart }
  | { kind: "moved"; userId: string };

/**
 * Owns one shopper's cart. It knows no prices and calls nobody: callers bring the facts of the
 * moment, so a change and its kept answer are one transaction without an await in between. Only its
 * alarm speaks to others, about a cart that has been left alone.
 */
export class CartObject extends DurableObject<Env> {
  readonly #carts = new CartStore(this.ctx.storage.sql);
  readonly #answers = new Answers(this.ctx.storage.sql);
  readonly #lifetime = new LifetimeStore(this.ctx.storage.sql);
  readonly #merges = new MergeStore(this.ctx.storage.sql);
  #hasTables: boolean;
  #alarmAtMs: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#hasTables = hasTables(ctx.storage);
    if (this.#hasTables) migrate(ctx.storage, CART_MIGRATIONS);
    // Remembered here so that a change can set its alarm without an await in between: only then are
    // both written together, and no cart can outlive a crash without the alarm that ends it.
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = (await ctx.storage.getAlarm()) ?? undefined;
    });
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
    const reply = this.ctx.storage.transactionSync(() => this.#changeOnce(request));
    this.#arm();
    return reply;
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
    const { cartId, version, mode, postalCode, lines, coupons, vouchers } = cart;
    return ok({ cartId, version, mode, postalCode, lines, coupons, vouchers, checkoutId });
  }

  /**
   * Takes out what was bought and the codes that were used up, once per checkout. A cart that has
   * expired since has nothing to clear; of one that was merged since, the caller goes where it went.
   */
  clearBought(checkoutId: CheckoutId, bought: Bought): Cleared {
    if (!this.#hasTables || this.#carts.isCleared(checkoutId)) return { kind: "done" };
    const merge = this.#merges.find();
    if (merge?.state === "moved") return { kind: "moved", userId: merge.userId };
    if (merge) return { kind: "moving", merge: this.#moving(merge) };
    this.ctx.storage.transactionSync(() => {
      const cart = this.#find();
      const nowMs = Date.now();
      if (!cart || !this.#carts.recordCleared(checkoutId, nowMs)) return;
      const version = cart.version + 1;
      this.#carts.save({ ...cart, ...withoutBought(cart, bought), version }, nowMs);
      this.#carts.forgetCheckout(checkoutId);
    });
    this.#arm();
    return { kind: "done" };
  }

  /**
   * Sets a guest's cart apart for one shopper: from here on it is nobody's to look at or to change,
   * until that shopper's cart has taken it or refused it. Another shopper finds no cart.
   */
  beginMerge(userId: string): Result<BegunMerge, { code: "cart_unknown" }> {
    if (!this.#hasTables) return err({ code: "cart_unknown" });
    const known = this.#merges.find();
    if (known && known.userId !== userId) return err({ code: "cart_unknown" });
    if (known?.state === "moved") return ok({ state: "moved" });
    if (!known && !this.#carts.find()) return err({ code: "cart_unknown" });
    const merge: Merge = known ?? { mergeId: randomSuffix(), userId, state: "moving" };
    if (!known) this.#merges.begin(merge, Date.now());
    this.#arm();
    return ok({ state: "moving", ...this.#moving(merge) });
  }

  /** Takes a guest's cart in, whole and once; what was once decided about a merge stays decided. */
  absorb(
    { mergeId, contents }: Pick<MovingCart, "mergeId" | "contents">,
    currency: string,
  ): Result<StoredCart, MergeRefusal> {
    this.#open();
    const taken = this.ctx.storage.transactionSync(() => {
      const nowMs = Date.now();
      const cart = this.#carts.find() ?? newCart(currency);
      const decided = this.#merges.outcome(mergeId);
      if (decided === "taken") return ok(cart);
      if (decided === "refused") return err({ code: "line_limit" as const, max: LINES_MAX });
      const planned = planMerge(cart, contents);
      this.#merges.noteOutcome(mergeId, planned.ok ? "taken" : "refused", nowMs);
      if (planned.ok) this.#carts.save(planned.value, nowMs);
      return planned;
    });
    this.#arm();
    return taken;
  }

  /** What the shopper's cart decided: the lines are its own now, or they are the guest's again. */
  endMerge(mergeId: string, outcome: "taken" | "refused"): void {
    const merge = this.#hasTables ? this.#merges.find() : undefined;
    if (merge?.mergeId !== mergeId || merge.state !== "moving") return;
    this.ctx.storage.transactionSync(() => {
      if (outcome === "refused") return this.#merges.forget();
      this.#merges.markMoved();
      this.#end();
    });
    this.#arm();
  }

  /** Forgets everything, for a shopper who wants to be forgotten. Neon's copy ends too. */
  erase(): void {
    if (!this.#hasTables) return;
    this.ctx.storage.transactionSync(() => {
      this.#end();
      this.#answers.forgetAll();
    });
    this.#arm();
  }

  /** Lets the next checkout be a new one, unless it already is. */
  forgetCheckout(checkoutId: CheckoutId): void {
    if (this.#hasTables) this.#carts.forgetCheckout(checkoutId);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#alarmAtMs = undefined;
    if (!this.#hasTables) return;
    try {
      this.ctx.storage.transactionSync(() => this.#expire(Date.now()));
      const io = openIo(this.env, "cart:alarm");
      await this.#finishMerge(io);
      await tellOfCart({
        io,
        queue: commsQueue(this.env),
        carts: this.#carts,
        lifetime: this.#lifetime,
        ownerKind: this.#ownerKind(),
      });
      // The next alarm is set at the end: one set before would be for what is about to be done.
      if (this.#dueAtMs() === undefined) await this.#forget();
      else this.#arm();
    } catch (error) {
      if ((info?.retryCount ?? 0) < ALARM_RETRIES_TRUSTED) throw error;
      logError("cart.alarm_failed", error);
      this.#setAlarm(Date.now() + ALARM_REST_MS);
    }
  }

  /**
   * Ends a cart that was left alone too long, at once and whole. Who has to hear of it is noted, not
   * told: a shopper who comes back meanwhile starts a new cart, and finds no half of the old one.
   */
  #expire(nowMs: number): void {
    const cart = this.#carts.find();
    const idleness = this.#lifetime.idleness();
    if (!cart || !idleness) return;
    if (expiresAtMs(idleness.touchedAtMs, this.#ownerKind()) > nowMs) return;
    const owed = cart.lines.length > 0 || mayHaveSnapshot(idleness);
    this.#lifetime.expire(cart, owed, nowMs);
  }

  /** Ends a cart of which nothing is left behind, so that Neon does not go on saying that it is full. */
  #end(): void {
    const cart = this.#carts.find();
    const idleness = this.#lifetime.idleness();
    if (!cart || !idleness) return;
    const emptied = { ...cart, lines: [], version: cart.version + 1 };
    this.#lifetime.end(emptied, mayHaveSnapshot(idleness), Date.now());
  }

  /** Brings a merge to its end that nobody else did: the caller died, or the other object was away. */
  async #finishMerge(io: Io): Promise<void> {
    const nowMs = Date.now();
    this.#merges.forgetOldMove(nowMs);
    const due = this.#merges.takeDue(nowMs);
    if (!due) return;
    try {
      await deliverMerge(io, this.env, this.#moving(due), (id, outcome) =>
        this.endMerge(id, outcome),
      );
    } catch (error) {
      logError("cart.merge_undelivered", error, { mergeId: due.mergeId });
    }
  }

  #moving({ mergeId, userId }: Merge): MovingCart {
    const cart = this.#carts.findMoving();
    assert(cart, "a cart on its way is still here");
    const { lines, coupons, vouchers, mode, postalCode } = cart;
    const contents: CartContents = { lines, coupons, vouchers, mode, postalCode };
    return { mergeId, userId, contents };
  }

  #changeOnce(request: ChangeRequest): ChangeReply {
    const { change, create, currency, idempotency, status, requestId, offers } = request;
    const nowMs = Date.now();
    if (idempotency) {
      const claim = this.#answers.claim(idempotency.key, idempotency.fingerprint, nowMs);
      if (claim.kind !== "new") return claim;
    }
    const known = this.#carts.find();
    // The token of a merged cart opens nothing any more: not even a new cart.
    const mayMake = create && this.#merges.find() === undefined;
    const cart = known ?? (mayMake ? newCart(currency) : undefined);
    const facts = new Map(request.facts.map((each) => [each.sku, each]));
    const missing = cart && missingFacts(holdingsOf(cart), facts, offers);
    if (missing) {
      if (idempotency) this.#answers.release(idempotency.key);
      return { kind: "needs_facts", of: missing };
    }

    const planned = cart
      ? planChange(cart, change, facts, newId(LineId, "lin"), offers)
      : err({ code: "cart_unknown" });
    if (!planned.ok) {
      if (idempotency) this.#answers.settle(idempotency.key, refusal(planned.error, requestId));
      return { kind: "refused", error: planned.error };
    }
    this.#carts.save(planned.value.cart, nowMs);
    const body = JSON.stringify(planned.value.view);
    const answer = { status, body, headers: { "Content-Type": "application/json" } };
    if (idempotency) this.#answers.settle(idempotency.key, answer);
    return { kind: "changed", answer, holds: holdingsOf(planned.value.cart) };
  }

  #find(): StoredCart | undefined {
    return this.#hasTables ? this.#carts.find() : undefined;
  }

  #open(): void {
    if (!this.#hasTables) migrate(this.ctx.storage, CART_MIGRATIONS, CART_TABLES);
    this.#hasTables = true;
  }

  async #forget(): Promise<void> {
    // Before the await, so that a change that comes meanwhile makes new tables instead of missing them.
    this.#hasTables = false;
    this.#alarmAtMs = undefined;
    await this.ctx.storage.deleteAll();
  }

  /**
   * Sees to it that the alarm comes no later than what is due. Changes put things off, and the alarm
   * that then comes too early sets itself again: a busy cart writes one every half hour, not each time.
   */
  #arm(): void {
    // Tables without anything in them go at once.
    const dueMs = this.#dueAtMs() ?? Date.now();
    if (dueMs < (this.#alarmAtMs ?? Number.POSITIVE_INFINITY)) this.#setAlarm(dueMs);
  }

  #setAlarm(atMs: number): void {
    this.#alarmAtMs = atMs;
    void this.ctx.storage.setAlarm(atMs);
  }

  /** When the object next has something to do; `undefined` once it holds nothing for anybody. */
  #dueAtMs(): number | undefined {
    const cart = this.#lifetime.idleness();
    const answersEndMs = this.#answers.keptUntilMs();
    const due = [
      this.#lifetime.expiredDueAtMs(),
      this.#merges.dueAtMs(),
      cart && snapshotAtMs(cart),
      cart && expiresAtMs(cart.touchedAtMs, this.#ownerKind()),
      // A cart outlives its answers; without one they alone keep the object.
      cart || (answersEndMs ?? 0) <= Date.now() ? undefined : answersEndMs,
    ].filter((atMs) => atMs !== undefined);
    return due.length > 0 ? Math.min(...due) : undefined;
  }

  /** Looking at a cart keeps it, for one write a day. */
  #touchDaily(): void {
    const nowMs = Date.now();
    if ((this.#carts.touchedAtMs() ?? nowMs) + DAY_MS < nowMs) this.#carts.touch(nowMs);
  }

  #ownerKind(): CartOwner["kind"] {
    return ownerFromName(this.ctx.id.name ?? "").kind;
  }
}

const newCart = (currency: string): StoredCart => ({
  cartId: newId(CartId, "crt"),
  version: 0,
  currency,
  mode: "standard",
  postalCode: null,
  lines: [],
  coupons: [],
  vouchers: [],
});

function refusal(error: CartError, requestId: string): Answer {
  const problem = cartProblem(error);
  return {
    status: problemStatus(problem),
    body: problemBody(problem, requestId),
    headers: { "Content-Type": "application/problem+json" },
  };
}
