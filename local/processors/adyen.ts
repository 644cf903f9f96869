import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  sameSecret,
  serveGateway,
} from "../gateways/gateway.ts";
import { type Gust, WeatherDial } from "../weather.ts";
import { authorisationItem, type Item, noticeOf, signNotice } from "./adyen/notices.ts";
import { type Change, change, type Payment, refusalOf } from "./adyen/payment.ts";
import {
  AdyenError,
  assertKnownToken,
  readModification,
  readPayment,
  readPaymentMethods,
  readStandaloneCancel,
  tokenOf,
} from "./adyen/requests.ts";
import { AdyenStore } from "./adyen/store.ts";
import type { StoredAnswer } from "./idempotency.ts";
import type { LedgerDraft } from "./ledger.ts";
import { Webhooks } from "./webhooks.ts";

export type AdyenOptions = {
  /** 0 picks a free port. */
  port: number;
  /** Holds `adyen.jsonl` and `adyen-webhooks.jsonl`: everything survives a restart. */
  dir: string;
  apiKey: string;
  merchantAccount: string;
  /** Hex. */
  hmacKey: string;
  /** Where notifications go; without it they are only shown at `GET /webhooks`. */
  webhookUrl?: string | undefined;
  nowMs?: () => number;
  random?: () => number;
};

const BODY_BYTES_MAX = 64 * 1024;
const PREFIX = "/v71";
const VERBS: Readonly<Record<string, Change>> = {
  captures: "capture",
  cancels: "cancel",
  refunds: "refund",
};

/** What a request will do once the weather lets it: its effects, its answer and what is told about it. */
type Command = { token: string | null; run(): Effect };
type Effect = {
  status: number;
  json: unknown;
  payment?: Payment;
  movements: LedgerDraft[];
  items: Item[];
};
type Kept = Pick<StoredAnswer, "key" | "fingerprint">;

/** A processor that speaks Adyen's Checkout API over loopback and moves only numbers in a ledger. */
export function startAdyen(options: AdyenOptions): Promise<Gateway> {
  const processor = new AdyenProcessor(options);
  return serveGateway({
    port: options.port,
    maxBodyBytes: BODY_BYTES_MAX,
    answer: (request) => processor.answer(request),
    refuse: (status, message) => failure(new AdyenError(status, "905", message, "internal")),
    closeEngine: () => processor.close(),
  });
}

class AdyenProcessor {
  readonly #store: AdyenStore;
  readonly #weather: WeatherDial;
  readonly #webhooks: Webhooks;
  readonly #options: AdyenOptions;
  readonly #nowMs: () => number;

  constructor(options: AdyenOptions) {
    const { dir, hmacKey, webhookUrl, random, nowMs = Date.now } = options;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#store = new AdyenStore(join(dir, "adyen.jsonl"));
    this.#weather = new WeatherDial(random);
    const sign = (notice: Parameters<typeof signNotice>[1]) => signNotice(hmacKey, notice);
    this.#webhooks = new Webhooks({ dir, name: "adyen", url: webhookUrl, sign, random, nowMs });
  }

  async close(): Promise<void> {
    this.#weather.close();
    await this.#webhooks.close();
  }

  async answer(request: GatewayRequest): Promise<GatewayReply> {
    const control =
      this.#weather.answer(request) ??
      this.#store.ledger.answer(request) ??
      this.#webhooks.answer(request);
    if (control) return control;

    const gust = this.#weather.gust();
    if (gust === "down") return "hang-up";
    try {
      if (!sameSecret(request.headers["x-api-key"]?.toString(), this.#options.apiKey)) {
        throw new AdyenError(401, "000", "HTTP Status Response - Unauthorized", "security");
      }
      return await this.#command(request, gust);
    } catch (error) {
      if (error instanceof AdyenError) return failure(error);
      throw error;
    }
  }

  async #command(request: GatewayRequest, gust: Gust): Promise<GatewayReply> {
    const key = request.headers["idempotency-key"]?.toString();
    if (key !== undefined && key.length > 64) throw invalid("Idempotency-Key is too long");
    const fingerprint = `${request.path} ${request.body}`;
    const started = key === undefined ? undefined : this.#store.keys.start(key, fingerprint);
    // Stricter than the hosted service, so that a key used for two things cannot go unseen.
    if (started?.kind === "other-parameters") throw invalid("Idempotency-Key of another request");
    if (started?.kind === "running") {
      throw new AdyenError(422, "704", "request already processed or in progress");
    }
    await this.#weather.delay();
    if (started?.kind === "replay") {
      if (gust === "error-before") return serverError();
      if (gust === "timeout-after") return this.#weather.silence();
      const { status, json } = started.answer;
      return { status, json, headers: { "Idempotency-Key": String(key) } };
    }
    try {
      if (gust === "error-before") return serverError();
      const { token, run } = this.#read(request);
      if (token === "tok_refused_connection") return "hang-up";
      if (token === "tok_error_before") return serverError();
      const reply = this.#commit(run(), key === undefined ? undefined : { key, fingerprint });
      const isSilent = gust === "timeout-after" || token === "tok_timeout_after";
      return isSilent ? await this.#weather.silence() : reply;
    } finally {
      // Frees a key whose request was not carried out; an answer that is kept stays.
      if (key !== undefined) this.#store.keys.abandon(key);
    }
  }

  /** From here on nothing waits: the effect, its ledger entries and its answer are one step. */
  #commit({ status, json, payment, movements, items }: Effect, kept: Kept | undefined) {
    const nowMs = this.#nowMs();
    const entries = movements.map((movement) =>
      this.#store.ledger.add({ ...movement, idempotencyKey: kept?.key ?? null }, nowMs),
    );
    const answer = kept ? { answer: { ...kept, status, json } } : {};
    this.#store.commit({ ...(payment && { payment }), entries, ...answer });
    for (const item of items) this.#webhooks.tell(noticeOf(item));
    return { status, json };
  }

  /** @throws AdyenError for a request that is wrong: nothing has happened then. */
  #read({ method, path, body }: GatewayRequest): Command {
    const route = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : "";
    if (method === "POST" && route === "/payments") return this.#readPayment(body);
    if (method === "POST" && route === "/paymentMethods") return this.#readPaymentMethods(body);
    if (method === "POST" && route === "/cancels") return this.#readStandaloneCancel(body);
    const [, id = "", verb = ""] = /^\/payments\/([^/]+)\/([a-z]+)$/.exec(route) ?? [];
    const what = VERBS[verb];
    if (method !== "POST" || !what) throw new AdyenError(404, "000", `No ${method} ${path}`);
    return this.#readModification(id, what, body);
  }

  #readPayment(body: string): Command {
    const asked = readPayment(body);
    this.#assertMerchant(asked.merchantAccount);
    const token = tokenOf(asked.paymentMethod);
    assertKnownToken(token);
    const run = (): Effect => {
      const refusal = refusalOf(token);
      const payment: Payment = {
        pspReference: newReference(),
        reference: asked.reference,
        status: refusal ? "refused" : "authorised",
        amount: asked.amount.value,
        captured: 0,
        refunded: 0,
        currency: asked.amount.currency,
        token,
        metadata: asked.metadata,
        refusal,
      };
      const { pspReference } = payment;
      const json = {
        pspReference,
        resultCode: refusal ? "Refused" : "Authorised",
        ...(refusal && { refusalReason: refusal.reason, refusalReasonCode: refusal.code }),
        amount: asked.amount,
        merchantReference: asked.reference,
      };
      const kind = refusal ? "decline" : "authorize";
      const movement = draft(payment, { kind, ok: !refusal, amount: payment.amount });
      const items = [authorisationItem(payment, this.#told())];
      return { status: 200, json, payment, movements: [movement], items };
    };
    return { token, run };
  }

  #readPaymentMethods(body: string): Command {
    this.#assertMerchant(readPaymentMethods(body).merchantAccount);
    const json = { paymentMethods: [{ type: "scheme", name: "Cards" }] };
    return { token: null, run: () => ({ status: 200, json, movements: [], items: [] }) };
  }

  #readModification(id: string, what: Change, body: string): Command {
    const asked = readModification(body);
    this.#assertMerchant(asked.merchantAccount);
    if (!this.#store.payment(id)) throw new AdyenError(422, "167", "Original pspReference unknown");
    if (what !== "cancel" && !asked.amount) throw invalid("Field 'amount' is not valid.");
    const run = (): Effect => {
      // Looked up again when it runs: another request may have changed it while this one waited.
      const payment = this.#store.payment(id) as Payment;
      if (asked.amount && asked.amount.currency !== payment.currency) {
        throw invalid("Field 'amount.currency' is not valid.");
      }
      const amount = asked.amount?.value ?? payment.amount;
      const { reference = payment.reference } = asked;
      const effect = this.#change(payment, { what, amount, reference });
      const { merchantAccount } = this.#options;
      const pspReference = effect.items[0]?.pspReference;
      const json = { merchantAccount, paymentPspReference: id, pspReference, status: "received" };
      return { ...effect, status: 201, json };
    };
    return { token: null, run };
  }

  #readStandaloneCancel(body: string): Command {
    const { merchantAccount, paymentReference, reference } = readStandaloneCancel(body);
    this.#assertMerchant(merchantAccount);
    const run = (): Effect => {
      const [payment] = this.#store.authorisedAs(paymentReference);
      const pspReference = newReference();
      const item: Item = {
        amount: { currency: payment?.currency ?? "", value: payment?.amount ?? 0 },
        eventCode: "TECHNICAL_CANCEL",
        eventDate: new Date(this.#nowMs()).toISOString(),
        merchantAccountCode: merchantAccount,
        merchantReference: reference ?? paymentReference,
        ...(payment && { originalReference: payment.pspReference }),
        pspReference,
        reason: payment ? "" : "Transaction not found",
        success: payment ? "true" : "false",
      };
      const json = { merchantAccount, paymentReference, pspReference, status: "received" };
      if (!payment) return { status: 201, json, movements: [], items: [item] };
      const changed = change(payment, "cancel", payment.amount);
      const movements = [draft(payment, changed.movement, pspReference)];
      return { status: 201, json, payment: changed.payment, movements, items: [item] };
    };
    return { token: null, run };
  }

  #change(
    payment: Payment,
    { what, amount, reference }: { what: Change; amount: number; reference: string },
  ): Pick<Effect, "payment" | "movements" | "items"> {
    const pspReference = newReference();
    const changed = change(payment, what, amount);
    const item: Item = {
      amount: { currency: payment.currency, value: amount },
      eventCode: { capture: "CAPTURE", cancel: "CANCELLATION", refund: "REFUND" }[what],
      eventDate: new Date(this.#nowMs()).toISOString(),
      merchantAccountCode: this.#options.merchantAccount,
      merchantReference: reference,
      originalReference: payment.pspReference,
      pspReference,
      reason: changed.failure ?? "",
      success: changed.failure ? "false" : "true",
    };
    const movements = [draft(payment, changed.movement, pspReference)];
    return { payment: changed.payment, movements, items: [item] };
  }

  #assertMerchant(given: string): void {
    if (given === this.#options.merchantAccount) return;
    throw new AdyenError(403, "901", "Invalid Merchant Account", "security");
  }

  #told = () => ({ merchantAccount: this.#options.merchantAccount, nowMs: this.#nowMs() });
}

/** Sixteen characters, as Adyen's are. */
const newReference = () => randomBytes(8).toString("hex").toUpperCase();

const draft = (
  payment: Payment,
  movement: Pick<LedgerDraft, "kind" | "ok" | "amount">,
  modification?: string,
): LedgerDraft => ({
  ...movement,
  paymentId: payment.pspReference,
  ...(modification && { parent: payment.pspReference }),
  currency: payment.currency,
  idempotencyKey: null,
  checkoutId: payment.metadata.checkout_id ?? null,
  token: payment.token,
});

const failure = ({ status, body }: AdyenError): GatewayReply => ({ status, json: body });
const invalid = (message: string) => new AdyenError(422, "702", message);

/** Nothing was done, and the same key may be sent again. */
const serverError = (): GatewayReply => ({
  status: 500,
  json: { status: 500, errorCode: "905", message: "unexpected error", errorType: "internal" },
  headers: { "transient-error": "true" },
});
