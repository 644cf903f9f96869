import { DurableObject } from "cloudflare:workers";
import type { CartOwner } from "../cart/index.ts";
import { orderIdFor, orderNumber, orderToken } from "../orders/index.ts";
import { type HeardNews, noteOpenPayment, type PaymentTokens } from "../payments/index.ts";
import { asProblem, Problem } from "../platform/http/problem.ts";
import { type Io, openIo } from "../platform/io/io.ts";
import { ANSWERS_MIGRATION, type Answer, Answers } from "../platform/objects/answers.ts";
import { hasTables } from "../platform/objects/has-tables.ts";
import { migrate } from "../platform/objects/migrate.ts";
import { logError } from "../platform/telemetry/log.ts";
import type { Metered } from "../platform/telemetry/meter.ts";
import { withinMs } from "../platform/within-ms.ts";
import { assert } from "../shared/assert.ts";
import type { OrderId } from "../shared/ids.ts";
import { statusOf } from "./checkout-state.ts";
import {
  CHECKOUT_MIGRATIONS,
  type CheckoutRecord,
  CheckoutStore,
  type JournalEntry,
} from "./checkout-store.ts";
import { CompletionTries } from "./completion-tries.ts";
import { regather } from "./gather-quote-facts.ts";
import { type HeardPayment, reactionTo } from "./hear-payment.ts";
import { mayHave } from "./may-have.ts";
import type { CheckoutView, PlacedOrder, Refusal } from "./model.ts";
import { isBlocking } from "./quote.ts";
import {
  claimedReply,
  inProgress,
  isFinal,
  jsonAnswer,
  paymentMissing,
  pendingAnswer,
  placedAnswer,
  problemAnswer,
  type Reply,
  refusalProblem,
  refusalReason,
  reply,
} from "./replies.ts";
import type { CompleteRequest, ValidateRequest, Waiting } from "./requests.ts";
import { type Attempt, isOver, isPlaced, type Outcome } from "./saga/attempt.ts";
import { finishAttempt, runAttempt } from "./saga/run-attempt.ts";
import { type CheckoutEnv, freeOrphan, openSagaDeps } from "./saga-deps.ts";
import { freezeQuote } from "./validate.ts";

/** If the object dies, its alarm takes the attempt up after this long. */
const RESUME_AFTER_MS = 10_000;
const RETRY_MIN_MS = 2_000;
const RETRY_MAX_MS = 5 * 60_000;
/** How long a second request with the same key waits for the first. */
const JOIN_WAIT_MS = 10_000;
const KEPT_MS = 30 * 24 * 60 * 60 * 1000;

/**
 * One checkout: its quotes, and the saga that turns one of them into an order. All requests for a
 * checkout meet here, so two of them can never pay twice. State in memory is only `#running`
 * and whose tries were taken: the journal decides what happens after a crash.
 */
export class CheckoutObject extends DurableObject<CheckoutEnv> {
  readonly #store = new CheckoutStore(this.ctx.storage.sql);
  readonly #answers = new Answers(this.ctx.storage.sql);
  readonly #tries = new CompletionTries(this.env, this.#store);
  #running: Promise<Answer> | undefined;

  constructor(ctx: DurableObjectState, env: CheckoutEnv) {
    super(ctx, env);
    if (hasTables(ctx.storage)) this.#migrate();
  }

  /** Freezes a quote from the facts given, or replays the answer of the same key. */
  async validate(request: ValidateRequest): Promise<Reply> {
    this.#migrate();
    const { answerKey, trace, facts, contact } = request;
    const nowMs = Date.now();
    const io = openIo(this.env, trace);
    // No await from here on: the claim, the quote and the answer are one atomic write.
    if (answerKey !== undefined) {
      const claim = this.#answers.claim(answerKey, request.fingerprint, nowMs);
      if (claim.kind !== "new") return claimedReply(claim, trace);
    }
    const attempt = this.#store.attempt();
    const closed = this.#closedProblem(attempt);
    if (closed || (attempt && !isOver(attempt))) {
      if (answerKey !== undefined) this.#answers.release(answerKey);
      return reply(problemAnswer(closed ?? inProgress(), trace));
    }
    const isNew = this.#store.record() === undefined;
    const currency = io.config.STORE_CURRENCY;
    const answer = this.ctx.storage.transactionSync(() => {
      const quoted = jsonAnswer(200, freezeQuote(this.#store, facts, contact, currency, nowMs));
      if (answerKey !== undefined) this.#answers.settle(answerKey, quoted);
      return quoted;
    });
    // Not awaited: the alarm and the quote are one write.
    if (isNew) void this.ctx.storage.setAlarm(nowMs + KEPT_MS);
    return reply(answer);
  }

  /** Completes the checkout: one order, one payment, one answer per key, however often it is asked. */
  async complete(request: CompleteRequest): Promise<Metered<Reply>> {
    const io = openIo(this.env, request.trace);
    const value = await this.#complete(request, io);
    return { value, steps: [...io.meter.steps] };
  }

  async view(owners: readonly CartOwner[]): Promise<CheckoutView | undefined> {
    const record = this.#record(owners);
    if (!record) return undefined;
    const attempt = this.#store.attempt();
    const refusal = record.lastRefusal;
    return {
      checkoutId: record.checkoutId,
      status: statusOf(record, attempt, Date.now()),
      quote: this.#store.quote(record.currentQuoteId) ?? null,
      order: attempt && isPlaced(attempt) ? await this.#placedOrder(attempt) : null,
      problems: record.problems,
      reason: record.canceledBecause ?? (refusal && refusalReason(refusal)),
    };
  }

  /** Closes a checkout that nothing is paying for. `closed` when it is too late; repeating is harmless. */
  cancel(owners: readonly CartOwner[], reason: string): "canceled" | "closed" | "unknown" {
    const record = this.#record(owners);
    if (!record) return "unknown";
    if (record.canceledBecause !== null) return "canceled";
    const attempt = this.#store.attempt();
    if (attempt && attempt.step !== "undone") return "closed";
    this.#store.saveRecord({ ...record, canceledBecause: reason });
    return "canceled";
  }

  /** The saga's journal, for operators who ask what happened. */
  journal(): JournalEntry[] {
    return hasTables(this.ctx.storage) ? this.#store.journalEntries() : [];
  }

  /** Something was told of one of its payments: it asks the processor now, instead of by its alarm. */
  async hear(news: HeardPayment): Promise<HeardNews> {
    if (!hasTables(this.ctx.storage)) return "unknown_payment";
    const attempt = this.#store.attempt();
    const total = attempt && this.#store.quote(attempt.quoteId)?.totals.total;
    const isRunning = this.#running !== undefined;
    const reaction = reactionTo(news, { attempt, total, isRunning });
    const io = openIo(this.env, news.trace);
    if (reaction === "free") return freeOrphan(io, news);
    if (reaction !== "drive" || !attempt) return reaction === "drive" ? "settled" : reaction;
    await this.#armRetry(attempt);
    await this.#drive(attempt, io, undefined);
    return isOver(attempt) || isPlaced(attempt) ? "settled" : "not_yet";
  }

  /** Takes up what a crash or bad weather left, and re-arms itself: an alarm is lost after six failures. */
  override async alarm(): Promise<void> {
    const attempt = this.#store.attempt();
    if (!attempt || isOver(attempt)) return this.#retire();
    await this.#armRetry(attempt);
    try {
      if (!this.#running) await this.#drive(attempt, openIo(this.env, attempt.trace), undefined);
      await this.#finish();
    } catch (error) {
      logError("checkout.resume_failed", error, { attempt: attempt.key, step: attempt.step });
    }
  }

  async #complete(request: CompleteRequest, io: Io): Promise<Reply> {
    const { answerKey, quoteId, trace } = request;
    const found = this.#record(request.owners);
    if (!found) return reply(problemAnswer(new Problem("not-found"), trace));
    const orderId = await orderIdFor(found.checkoutId);
    const record = this.#record(request.owners) ?? found;
    const nowMs = Date.now();
    // No await from here until the attempt is journaled: two requests cannot both begin one.
    const before = this.#store.attempt();
    const claim = this.#answers.claim(answerKey, request.fingerprint, nowMs);
    const isMine = before?.answerKey === answerKey && !isOver(before);
    // Also where the claim's lease ran out: a crash may leave the attempt to its alarm for longer.
    const isOpen = claim.kind === "running" || claim.kind === "new";
    if (isMine && isOpen) return this.#join(before, io, request);
    if (claim.kind !== "new") return claimedReply(claim, trace);

    const problem =
      this.#closedProblem(before) ??
      // Also while the last one is over but its answer, with a fresh quote, is still being made.
      (this.#running || (before && !isOver(before)) ? inProgress() : undefined) ??
      (record.problems.some(isBlocking)
        ? new Problem("checkout-incomplete", { problems: record.problems })
        : undefined);
    if (problem) {
      this.#answers.release(answerKey);
      return reply(problemAnswer(problem, trace));
    }
    const quote = this.#store.quote(quoteId);
    const isCurrent = quoteId === record.currentQuoteId && quote !== undefined;
    if (!isCurrent || Date.parse(quote.expiresAt) <= nowMs) {
      return reply(await this.#refuse(answerKey, { code: "quote_changed" }, io));
    }
    const isFree = quote.amountDue.amount === 0;
    if (!isFree && Object.keys(request.tokens).length === 0) {
      this.#answers.release(answerKey);
      return reply(problemAnswer(paymentMissing(), trace));
    }
    const attempt = this.#begin(request, record, { orderId, isFree });
    const answer = await this.#drive(attempt, io, request);
    this.ctx.waitUntil(this.#finish());
    return reply(answer);
  }

  #begin(
    request: CompleteRequest,
    record: CheckoutRecord,
    { orderId, isFree }: { orderId: OrderId; isFree: boolean },
  ): Attempt {
    const number = record.attempts + 1;
    const attempt: Attempt = {
      key: `${record.checkoutId}:${number}`,
      number,
      quoteId: request.quoteId,
      orderId,
      answerKey: request.answerKey,
      trace: request.trace,
      startedAtMs: Date.now(),
      step: "holding",
      redemptions: record.redemptions,
      isFree,
      payment: null,
      refusal: null,
    };
    this.#store.saveRecord({ ...record, attempts: number, lastRefusal: null });
    this.#store.journal(attempt, "attempt begins", attempt.startedAtMs);
    void this.ctx.storage.setAlarm(attempt.startedAtMs + RESUME_AFTER_MS);
    return attempt;
  }

  /** A repeat of the request that is running now: it waits for that one's answer, within reason. */
  async #join(attempt: Attempt, io: Io, waiting: Waiting): Promise<Reply> {
    const answer = await withinMs(this.#drive(attempt, io, waiting), JOIN_WAIT_MS, undefined);
    return answer ? reply(answer, true) : reply(problemAnswer(inProgress(), attempt.trace));
  }

  /** Runs the attempt to an answer. One at a time: whoever comes later shares the same run. */
  #drive(attempt: Attempt, io: Io, waiting: Waiting): Promise<Answer> {
    this.#running ??= this.#run(attempt, io, waiting).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(attempt: Attempt, io: Io, waiting: Waiting): Promise<Answer> {
    if (waiting) this.#tries.note(attempt, waiting.address);
    // The token beside the saga: its last step and the answer are then one write.
    const [outcome, token] = await Promise.all([
      runAttempt(attempt, this.#sagaDeps(io, waiting?.tokens)),
      orderToken(io.config.TOKEN_SECRET, attempt.orderId),
    ]);
    this.ctx.waitUntil(this.#tries.settle(attempt, outcome, io));
    if (attempt.step === "asking") this.ctx.waitUntil(this.#noteOpen(attempt, io));
    const answer = await this.#conclude(attempt, { outcome, token, io });
    // What finishes an order follows at once; should it not, the alarm of the attempt's begin is set.
    if (isOver(attempt)) this.#armForgetting();
    else if (attempt.step !== "finishing") await this.#armRetry(attempt);
    return answer;
  }

  #sagaDeps(io: Io, tokens: PaymentTokens | undefined) {
    return openSagaDeps(this.env, io, this.#store, { tries: this.#tries, tokens });
  }

  /** The alarm asks by itself; this lets the reconciler see that it does. */
  async #noteOpen({ key, payment }: Attempt, io: Io): Promise<void> {
    assert(payment, "only an attempt with a payment asks about it");
    const { processor, sentAtMs } = payment;
    const checkoutId = this.#store.record()?.checkoutId ?? "";
    try {
      await noteOpenPayment(io, { key, processor, checkoutId, sentAtMs });
    } catch (error) {
      logError("checkout.open_payment_not_noted", error, { attempt: key });
    }
  }

  async #conclude(
    attempt: Attempt,
    { outcome, token, io }: { outcome: Outcome; token: string; io: Io },
  ): Promise<Answer> {
    const { answerKey, trace } = attempt;
    if (outcome.kind === "refused") return this.#refuse(answerKey, outcome.refusal, io, trace);
    if (outcome.kind === "pending" && attempt.step === "undoing" && attempt.refusal) {
      const refused = problemAnswer(refusalProblem(attempt.refusal), trace);
      // Told now, so kept now: a repeat that comes before the undo is through must hear the same.
      if (isFinal(refused)) this.#answers.settle(answerKey, refused);
      return refused;
    }
    const answer =
      outcome.kind === "placed"
        ? placedAnswer(this.#orderOf(attempt, token))
        : pendingAnswer(attempt.key.split(":")[0] ?? "");
    this.#answers.settle(answerKey, answer);
    return answer;
  }

  /** Tells a refusal, with a fresh quote where that is what the shopper needs next. */
  async #refuse(answerKey: string, refusal: Refusal, io: Io, trace = io.trace): Promise<Answer> {
    const requoted = refusal.code === "quote_changed" ? await this.#requote(io) : undefined;
    const record = this.#store.record();
    assert(record, "a refused checkout exists");
    this.#store.saveRecord({ ...record, lastRefusal: refusal });
    const answer = problemAnswer(refusalProblem(refusal, requoted), trace);
    if (isFinal(answer)) this.#answers.settle(answerKey, answer);
    else this.#answers.release(answerKey);
    return answer;
  }

  async #requote(io: Io) {
    const record = this.#store.record();
    assert(record, "only an existing checkout is quoted again");
    try {
      const facts = await regather(this.env, io, record);
      if (!facts) return undefined;
      const { contact, currency } = record;
      return this.ctx.storage.transactionSync(() =>
        freezeQuote(this.#store, facts, contact, currency, Date.now()),
      );
    } catch (error) {
      if (asProblem(error).slug === "internal") throw error;
      return undefined; // The shopper validates again when the weather is better.
    }
  }

  async #finish(): Promise<void> {
    const attempt = this.#store.attempt();
    if (attempt?.step !== "finishing") return;
    const io = openIo(this.env, attempt.trace);
    const finished = await finishAttempt(attempt, this.#sagaDeps(io, undefined));
    // In the write of the last step: nobody need wake the object up to see that nothing is left to do.
    if (finished) this.#armForgetting();
    else await this.#armRetry(attempt);
  }

  async #placedOrder(attempt: Attempt): Promise<PlacedOrder["order"]> {
    const { TOKEN_SECRET } = openIo(this.env, attempt.trace).config;
    return this.#orderOf(attempt, await orderToken(TOKEN_SECRET, attempt.orderId));
  }

  #orderOf({ orderId, quoteId }: Attempt, token: string): PlacedOrder["order"] {
    const quote = this.#store.quote(quoteId);
    assert(quote, "a placed order has its quote");
    const number = orderNumber(orderId);
    return { id: orderId, number, status: "placed", total: quote.totals.total, token };
  }

  #closedProblem(attempt: Attempt | undefined): Problem | undefined {
    const isCanceled = this.#store.record()?.canceledBecause != null;
    const isCompleted = attempt !== undefined && isPlaced(attempt);
    if (!isCanceled && !isCompleted) return undefined;
    return new Problem("checkout-closed", { status: isCompleted ? "completed" : "canceled" });
  }

  #record(owners: readonly CartOwner[]) {
    if (!hasTables(this.ctx.storage)) return undefined;
    const record = this.#store.record();
    return record && mayHave(record.owner, owners) ? record : undefined;
  }

  /** Later the longer it already took, so that a long outage is not a storm. */
  #armRetry(attempt: Attempt): Promise<void> {
    const waitedMs = Date.now() - attempt.startedAtMs;
    const delayMs = Math.min(Math.max(waitedMs / 4, RETRY_MIN_MS), RETRY_MAX_MS);
    return this.ctx.storage.setAlarm(Date.now() + delayMs);
  }

  /** Forgets the checkout a month after its first quote; until then nothing is left to wake up for. */
  async #retire(): Promise<void> {
    if (Date.now() >= this.#forgetAtMs()) await this.ctx.storage.deleteAll();
    else this.#armForgetting();
  }

  #armForgetting(): void {
    void this.ctx.storage.setAlarm(this.#forgetAtMs());
  }

  #forgetAtMs(): number {
    return (this.#store.record()?.createdAtMs ?? 0) + KEPT_MS;
  }

  #migrate(): void {
    migrate(this.ctx.storage, [...CHECKOUT_MIGRATIONS, ANSWERS_MIGRATION]);
  }
}
