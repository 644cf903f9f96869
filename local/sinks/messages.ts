import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { ServiceAccount } from "../../src/platform/config/config.ts";
import {
  type Gateway,
  type GatewayReply,
  type GatewayRequest,
  parseJson,
  sameSecret,
  serveGateway,
} from "../gateways/gateway.ts";
import { Journal } from "../journal.ts";
import { WeatherDial } from "../weather.ts";
import { FcmDesk, type SentPush } from "./fcm.ts";
import { messagePage } from "./message-page.ts";

export type MessagesOptions = {
  /** 0 picks a free port. */
  port: number;
  /** Holds `messages.jsonl`. */
  dir: string;
  /** The key that a sender must show. */
  key: string;
  /** Who may send notifications, where the sink is at this address. */
  pushAccount: (url: string) => ServiceAccount;
  nowMs?: () => number;
  random?: () => number;
};

export type Message = {
  id: string;
  channel: "email" | "sms" | "push";
  /** Several recipients are separated by ", ". */
  to: string;
  from: string;
  subject: string | null;
  text: string | null;
  html: string | null;
  tags: { name: string; value: string }[];
  /** RFC 3339, UTC. */
  at: string;
  idempotencyKey: string | null;
  /** How often it was handed in; all but the first changed nothing. */
  calls: number;
};

const Recipients = z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(50)]);
const Tags = z.array(z.object({ name: z.string(), value: z.string() })).default([]);
const Email = z
  .object({
    from: z.string().min(1),
    to: Recipients,
    subject: z.string(),
    text: z.string().nullish(),
    html: z.string().nullish(),
    tags: Tags,
    headers: z.record(z.string(), z.string()).optional(),
  })
  .refine(({ text, html }) => text || html, { message: "Missing `html` or `text` field." });
const Sms = z.object({
  from: z.string().min(1),
  to: Recipients,
  text: z.string().min(1),
  tags: Tags,
});

const BODY_BYTES_MAX = 5_000_000;

type Kept = { message: Message; body: string } | { repeatOf: string };

/**
 * Takes mail as Resend does (`POST /emails`), SMS (`POST /sms`) and notifications as Firebase does (`POST
 * /v1/projects/…/messages:send`), sends nothing, shows all.
 */
export async function startMessages(options: MessagesOptions): Promise<Gateway> {
  const sink = new MessageSink(options);
  const gateway = await serveGateway({
    port: options.port,
    maxBodyBytes: BODY_BYTES_MAX,
    answer: (request) => sink.answer(request),
    refuse: (status, message) => refusal(status, "application_error", message),
    closeEngine: async () => sink.close(),
  });
  sink.takePushes(options.pushAccount(gateway.url));
  return gateway;
}

class MessageSink {
  readonly #journal: Journal<Kept>;
  readonly #messages = new Map<string, Message>();
  readonly #byKey = new Map<string, { id: string; body: string }>();
  readonly #weather: WeatherDial;
  readonly #key: string;
  readonly #nowMs: () => number;
  #push: FcmDesk | undefined;

  constructor({ dir, key, nowMs = Date.now, random }: MessagesOptions) {
    this.#journal = new Journal(join(dir, "messages.jsonl"));
    this.#weather = new WeatherDial(random);
    this.#key = key;
    this.#nowMs = nowMs;
    for (const kept of this.#journal.load()) this.#apply(kept);
  }

  close(): void {
    this.#weather.close();
  }

  /** Once it is known where the sink is: an assertion names the place that it is for. */
  takePushes(account: ServiceAccount): void {
    const keep = (push: SentPush) => this.#keepPush(push);
    this.#push = new FcmDesk({ account, nowMs: this.#nowMs, keep });
  }

  async answer(request: GatewayRequest): Promise<GatewayReply> {
    const { method, path, query } = request;
    const control = this.#weather.answer(request) ?? this.#push?.control(request);
    if (control) return control;
    if (method === "GET" && path === "/messages") {
      return { status: 200, json: { messages: this.#list(query) } };
    }
    if (method === "GET" && path === "/") {
      const text = messagePage(this.#list(query).reverse(), query.get("id"));
      return { status: 200, text, headers: { "Content-Type": "text/html; charset=utf-8" } };
    }
    const taking = method === "POST" ? await this.#taking(request) : undefined;
    if (!taking) return refusal(404, "not_found", "The requested endpoint does not exist.");
    return this.#weather.through(
      taking,
      refusal(500, "internal_server_error", "An unexpected error occurred; nothing was sent."),
    );
  }

  /** What would take a request; undefined where nobody does. */
  async #taking(request: GatewayRequest): Promise<(() => GatewayReply) | undefined> {
    const { path } = request;
    if (path === "/emails") return () => this.#take(request, "email");
    if (path === "/sms") return () => this.#take(request, "sms");
    const push = this.#push;
    if (path === "/token" && push) {
      const granted = await push.grant(request);
      return () => granted;
    }
    return path.startsWith("/v1/projects/") && push ? () => push.send(request) : undefined;
  }

  #take({ headers, body }: GatewayRequest, channel: "email" | "sms"): GatewayReply {
    const shown = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
    if (!shown) return refusal(401, "missing_api_key", "Missing API key.");
    if (!sameSecret(shown, this.#key)) return refusal(403, "invalid_api_key", "Invalid API key.");

    const idempotencyKey = headers["idempotency-key"]?.toString() ?? null;
    const earlier = idempotencyKey ? this.#byKey.get(idempotencyKey) : undefined;
    if (earlier && earlier.body !== body) {
      const why = "This idempotency key was used with another payload.";
      return refusal(409, "invalid_idempotent_request", why);
    }
    if (earlier) {
      this.#keep({ repeatOf: earlier.id });
      return { status: 200, json: { id: earlier.id } };
    }

    const parsed = (channel === "email" ? Email : Sms).safeParse(parseJson(body));
    if (!parsed.success) return refusal(422, "validation_error", z.prettifyError(parsed.error));
    const draft = { subject: null, html: null, ...parsed.data };
    const message: Message = {
      id: randomUUID(),
      channel,
      to: [draft.to].flat().join(", "),
      from: draft.from,
      subject: draft.subject,
      text: draft.text ?? null,
      html: draft.html ?? null,
      tags: draft.tags,
      at: new Date(this.#nowMs()).toISOString(),
      idempotencyKey,
      calls: 1,
    };
    this.#keep({ message, body });
    return { status: 200, json: { id: message.id } };
  }

  /** As the other messages, to be read beside them; `replaces` is what a device tells doubles by. */
  #keepPush({ name, message, project }: SentPush): void {
    const { token, notification, data, android } = message;
    const named = { ...data, replaces: android.notification.tag };
    const kept: Message = {
      id: name.split("/").at(-1) ?? name,
      channel: "push",
      to: token,
      from: project,
      subject: notification.title,
      text: notification.body,
      html: null,
      tags: Object.entries(named).map(([key, value]) => ({ name: key, value })),
      at: new Date(this.#nowMs()).toISOString(),
      idempotencyKey: null,
      calls: 1,
    };
    this.#keep({ message: kept, body: "" });
  }

  /** `?to=` is one recipient's whole address; `?tag=` a tag's value, or `name:value`. */
  #list(query: URLSearchParams): Message[] {
    const [to, tag] = [query.get("to"), query.get("tag")];
    return [...this.#messages.values()].filter(
      (message) =>
        (!to || message.to.split(", ").includes(to)) &&
        (!tag ||
          message.tags.some(({ name, value }) => tag === value || tag === `${name}:${value}`)),
    );
  }

  #keep(kept: Kept): void {
    this.#journal.append(kept);
    this.#apply(kept);
  }

  #apply(kept: Kept): void {
    if ("repeatOf" in kept) {
      const message = this.#messages.get(kept.repeatOf);
      if (message) this.#messages.set(message.id, { ...message, calls: message.calls + 1 });
      return;
    }
    const { message, body } = kept;
    this.#messages.set(message.id, message);
    if (message.idempotencyKey) this.#byKey.set(message.idempotencyKey, { id: message.id, body });
  }
}

const refusal = (statusCode: number, name: string, message: string): GatewayReply => ({
  status: statusCode,
  json: { statusCode, name, message },
});
