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
import type { StoredAnswer } from "./idempotency.ts";
import { type Command, readCommand } from "./stripe/commands.ts";
import { StripeForm } from "./stripe/form.ts";
import { noticeOf, signNotice } from "./stripe/notices.ts";
import { queryStripe } from "./stripe/queries.ts";
import { StripeStore } from "./stripe/store.ts";
import { StripeError, type StripeErrorBody } from "./stripe/stripe-error.ts";
import { Webhooks } from "./webhooks.ts";

export type StripeOptions = {
  /** 0 picks a free port. */
  port: number;
  /** Holds `stripe.jsonl`: payments, refunds, kept answers and the ledger survive a restart. */
  dir: string;
  secretKey: string;
  /** Signs what is told by webhook. */
  webhookSecret?: string | undefined;
  /** Where events go; without it they are only shown at `GET /webhooks`. */
  webhookUrl?: string | undefined;
  nowMs?: () => number;
  random?: () => number;
};

const BODY_BYTES_MAX = 64 * 1024;
const KEY_CHARS_MAX = 255;
const CREATE = "/v1/payment_intents";
const SERVER_ERROR: StripeErrorBody = {
  type: "api_error",
  message: "An unexpected error occurred; nothing was done.",
};

type Kept = Pick<StoredAnswer, "key" | "fingerprint">;

/** A processor that speaks Stripe's API over loopback and moves only numbers in a ledger. */
export function startStripe(options: StripeOptions): Promise<Gateway> {
  const processor = new StripeProcessor(options);
  return serveGateway({
    port: options.port,
    maxBodyBytes: BODY_BYTES_MAX,
    answer: (request) => processor.answer(request),
    refuse: (status, message) =>
      failure(status, { type: status < 500 ? "invalid_request_error" : "api_error", message }),
    closeEngine: () => processor.close(),
  });
}

class StripeProcessor {
  readonly #store: StripeStore;
  readonly #weather: WeatherDial;
  readonly #webhooks: Webhooks;
  readonly #secretKey: string;
  readonly #nowMs: () => number;

  constructor(options: StripeOptions) {
    const { dir, secretKey, webhookSecret = "", webhookUrl, nowMs = Date.now, random } = options;
    const sign = (notice: Parameters<typeof signNotice>[1], atMs: number) =>
      signNotice(webhookSecret, notice, atMs);
    this.#webhooks = new Webhooks({ dir, name: "stripe", url: webhookUrl, sign, random, nowMs });
    this.#store = new StripeStore(join(dir, "stripe.jsonl"));
    this.#weather = new WeatherDial(random);
    this.#secretKey = secretKey;
    this.#nowMs = nowMs;
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
      this.#authenticate(request);
      if (request.method === "GET") return await this.#query(request, gust);
      if (request.method === "POST") return await this.#command(request, gust);
      throw unknownUrl(request);
    } catch (error) {
      if (error instanceof StripeError) return failure(error.status, error.body);
      throw error;
    }
  }

  async #query(request: GatewayRequest, gust: Gust): Promise<GatewayReply> {
    await this.#weather.delay();
    if (gust === "error-before") return serverError();
    if (gust === "timeout-after") return this.#weather.silence();
    const answer = queryStripe(this.#store, request.path, request.query);
    if (!answer) throw unknownUrl(request);
    return answer;
  }

  async #command(request: GatewayRequest, gust: Gust): Promise<GatewayReply> {
    const form = new StripeForm(request.body);
    const key = request.headers["idempotency-key"]?.toString();
    if (key !== undefined && key.length > KEY_CHARS_MAX) throw idempotencyError(400, "too long");
    const fingerprint = `${request.path}?${form.fingerprint()}`;

    const started = key === undefined ? undefined : this.#store.keys.start(key, fingerprint);
    if (started?.kind === "other-parameters") {
      throw idempotencyError(400, "already used with other parameters");
    }
    if (started?.kind === "running") {
      throw idempotencyError(409, "in use by a request under way", "idempotency_key_in_use");
    }
    await this.#weather.delay();
    if (started?.kind === "replay") {
      if (gust === "error-before") return serverError();
      if (gust === "timeout-after") return this.#weather.silence();
      const { status, json } = started.answer;
      return { status, json, headers: { "Idempotent-Replayed": "true" } };
    }
    const kept = key === undefined ? undefined : { key, fingerprint };
    return this.#runFirst(request, form, gust, kept);
  }

  async #runFirst(
    request: GatewayRequest,
    form: StripeForm,
    gust: Gust,
    kept: Kept | undefined,
  ): Promise<GatewayReply> {
    try {
      if (gust === "error-before") return serverError();
      const command = readCommand(this.#commandDeps(), request.path, form);
      if (!command) throw unknownUrl(request);

      const fault = request.path === CREATE ? command.token : null;
      if (fault === "tok_refused_connection") return "hang-up";
      const failed = fault === "tok_error_before";
      const reply = failed ? this.#failBefore(kept) : this.#run(command, kept);
      const silent = gust === "timeout-after" || fault === "tok_timeout_after";
      return silent ? await this.#weather.silence() : reply;
    } finally {
      // Frees a key whose request was not carried out; an answer that is kept stays.
      if (kept) this.#store.keys.abandon(kept.key);
    }
  }

  /** As at Stripe, a server error is an answer too: the same key gets it again. */
  #failBefore(kept: Kept | undefined): GatewayReply {
    const json = { error: SERVER_ERROR };
    if (kept) this.#store.commit({ entries: [], answer: { ...kept, status: 500, json } });
    return { status: 500, json };
  }

  /** From here on nothing waits: the effect, its ledger entries and its answer are one step. */
  #run(command: Command, kept: Kept | undefined): GatewayReply {
    const { outcome, refund, json: success } = command.run();
    const { payment, movements, refusal } = outcome;
    const status = refusal?.status ?? 200;
    const json = refusal ? { error: refusal.error } : success;
    const entries = movements.map((movement) => {
      const first = movement.kind === "authorize" || movement.kind === "decline";
      const draft = {
        kind: movement.kind,
        paymentId: payment.id,
        ...(!first && { parent: payment.id }),
        ok: movement.ok,
        amount: movement.amount,
        currency: payment.currency.toUpperCase(),
        idempotencyKey: kept ? kept.key : null,
        checkoutId: payment.metadata.checkout_id ?? null,
        token: payment.paymentMethod,
      };
      return this.#store.ledger.add(draft, this.#nowMs());
    });
    const answer = kept ? { answer: { ...kept, status, json } } : {};
    this.#store.commit({ payment, ...(refund && { refund }), entries, ...answer });
    for (const { kind, ok } of movements) {
      if (!ok && kind !== "decline") continue;
      const { newId } = this.#commandDeps();
      this.#webhooks.tell(noticeOf({ id: newId("evt"), kind, payment, nowMs: this.#nowMs() }));
    }
    return { status, json };
  }

  #commandDeps() {
    const newId = (prefix: string) => `${prefix}_${randomBytes(12).toString("hex")}`;
    return { store: this.#store, newId, nowMs: this.#nowMs };
  }

  #authenticate({ headers }: GatewayRequest): void {
    const given = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (!sameSecret(given, this.#secretKey)) {
      const message = given ? "Invalid API Key provided" : "You did not provide an API key";
      throw new StripeError(401, { type: "invalid_request_error", message });
    }
  }
}

const failure = (status: number, error: StripeErrorBody): GatewayReply => ({
  status,
  json: { error },
});

const serverError = (): GatewayReply => failure(500, SERVER_ERROR);

const unknownUrl = ({ method, path }: GatewayRequest): StripeError =>
  new StripeError(404, {
    type: "invalid_request_error",
    message: `Unrecognized request URL (${method}: ${path}).`,
  });

const idempotencyError = (status: number, why: string, code?: string): StripeError =>
  new StripeError(status, {
    type: "idempotency_error",
    ...(code && { code }),
    message: `This Idempotency-Key is ${why}.`,
  });
