import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type GatewayReply, type GatewayRequest, parseJson } from "../gateways/gateway.ts";
import { Journal } from "../journal.ts";

const Dial = z.strictObject({
  /** Waited before each delivery. */
  delayMs: z.int().min(0).max(600_000).default(0),
  /** Share of events that are never delivered. */
  dropRate: z.number().min(0).max(1).default(0),
  /** Share of events that are delivered twice. */
  duplicateRate: z.number().min(0).max(1).default(0),
});
type Dial = z.infer<typeof Dial>;

/** What is sent: the body, and the headers that prove who sent it at that moment. */
export type SignedWebhook = { body: string; headers: Record<string, string> };
/** An event, and how to sign it: a signature may hold the time, so each delivery has its own. */
export type Notice = { id: string; body: string };

export type WebhookOptions = {
  dir: string;
  /** Such as `stripe`; names the journal file. */
  name: string;
  /** Without a URL events are kept and never sent: `GET /webhooks` shows them. */
  url?: string | undefined;
  sign(notice: Notice, nowMs: number): SignedWebhook;
  random?: (() => number) | undefined;
  nowMs?: (() => number) | undefined;
};

type Line = { notice: Notice } | { settled: string };

const TRIES_MAX = 12;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 30_000;
const ANSWER_WITHIN_MS = 10_000;

/** Tells the shop by webhook, again and again until it says 2xx, across restarts. */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #journal: Journal<Line>;
  readonly #notices = new Map<string, Notice>();
  readonly #settled = new Set<string>();
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #random: () => number;
  readonly #nowMs: () => number;
  #dial: Dial = Dial.parse({});

  constructor(options: WebhookOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#journal = new Journal(join(options.dir, `${options.name}-webhooks.jsonl`));
    for (const line of this.#journal.load()) {
      if ("settled" in line) this.#settled.add(line.settled);
      else this.#notices.set(line.notice.id, line.notice);
    }
    for (const notice of this.#notices.values()) {
      if (!this.#settled.has(notice.id)) this.#send(notice);
    }
  }

  tell(notice: Notice): void {
    this.#journal.append({ notice });
    this.#notices.set(notice.id, notice);
    if (this.#happens(this.#dial.dropRate)) {
      this.#settle(notice);
      return;
    }
    this.#send(notice);
    if (this.#happens(this.#dial.duplicateRate)) this.#send(notice);
  }

  /** Answers `GET /webhooks` (all events, freshly signed) and `PUT /webhooks` (the dial). */
  answer({ method, path, body }: GatewayRequest): GatewayReply | undefined {
    if (path !== "/webhooks") return undefined;
    if (method === "PUT") {
      const asked = Dial.safeParse(parseJson(body));
      if (!asked.success) return { status: 422, json: { errors: z.flattenError(asked.error) } };
      this.#dial = asked.data;
    } else if (method !== "GET") {
      return { status: 405, json: { error: "use GET or PUT" } };
    }
    return { status: 200, json: { dial: this.#dial, events: this.events() } };
  }

  /** All events, freshly signed. */
  events() {
    return [...this.#notices.values()].map((notice) => ({
      id: notice.id,
      isSettled: this.#settled.has(notice.id),
      ...this.#options.sign(notice, this.#nowMs()),
    }));
  }

  /** What was not delivered is sent after the next start. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
  }

  #send(notice: Notice): void {
    const { url } = this.#options;
    if (url === undefined) return;
    const sending = this.#deliver(url, notice).finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  async #deliver(url: string, notice: Notice): Promise<void> {
    await this.#wait(this.#dial.delayMs);
    for (let tried = 0; tried < TRIES_MAX && !this.#closing.signal.aborted; tried += 1) {
      const { body, headers } = this.#options.sign(notice, this.#nowMs());
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
      const accepted = await fetch(url, { method: "POST", headers, body, signal }).then(
        async (answer) => {
          await answer.body?.cancel();
          return answer.ok;
        },
        () => false,
      );
      if (accepted) {
        this.#settle(notice);
        return;
      }
      await this.#wait(Math.min(RETRY_MS_MIN * 2 ** tried, RETRY_MS_MAX));
    }
  }

  /** A die is rolled only where it can matter, so that tests may count the rolls. */
  #happens(rate: number): boolean {
    return rate > 0 && this.#random() < rate;
  }

  /** Delivered or dropped: not sent again after a restart. */
  #settle({ id }: Notice): void {
    if (this.#settled.has(id)) return;
    this.#settled.add(id);
    this.#journal.append({ settled: id });
  }

  async #wait(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}
