import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import type { LedgerEntry } from "../../../local/processors/ledger.ts";
import { startStripe } from "../../../local/processors/stripe.ts";

const SECRET_KEY = "sk_test_local";

type Answer = { status: number; headers: Headers; body: Record<string, unknown> };

/** A processor of the test's own, and the few calls that its tests make. */
export class StripeDriver {
  readonly #dir: string;
  readonly #random: () => number;
  #gateway!: Gateway;

  private constructor(dir: string, random: () => number) {
    this.#dir = dir;
    this.#random = random;
  }

  static async start(random: () => number = () => 0.5): Promise<StripeDriver> {
    const dir = mkdtempSync(join(tmpdir(), "frontage-stripe-"));
    const driver = new StripeDriver(dir, random);
    await driver.reopen();
    onTestFinished(async () => {
      await driver.#gateway.close();
      rmSync(dir, { recursive: true });
    });
    return driver;
  }

  /** Ends the processor, if it runs, and starts it again on the same files. */
  async reopen(): Promise<void> {
    await this.#gateway?.close();
    const options = { port: 0, dir: this.#dir, secretKey: SECRET_KEY, random: this.#random };
    this.#gateway = await startStripe(options);
  }

  async call(
    method: "GET" | "POST",
    path: string,
    { form, key, bearer = SECRET_KEY, timeoutMs = 5_000 }: CallOptions = {},
  ): Promise<Answer> {
    const headers = new Headers({ Authorization: `Bearer ${bearer}` });
    if (key) headers.set("Idempotency-Key", key);
    const response = await fetch(this.#gateway.url + path, {
      method,
      headers,
      ...(form && { body: new URLSearchParams(form) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, body };
  }

  create(form: Record<string, string> = {}, options: CallOptions = {}): Promise<Answer> {
    const usual = {
      amount: "1999",
      currency: "usd",
      capture_method: "manual",
      confirm: "true",
      payment_method: "tok_ok",
    };
    return this.call("POST", "/v1/payment_intents", { form: { ...usual, ...form }, ...options });
  }

  /** An authorized payment's id. */
  async authorized(form: Record<string, string> = {}): Promise<string> {
    return String((await this.create(form)).body.id);
  }

  async ledger(query = ""): Promise<LedgerEntry[]> {
    const response = await fetch(`${this.#gateway.url}/ledger${query}`);
    return ((await response.json()) as { entries: LedgerEntry[] }).entries;
  }

  async weather(weather: unknown): Promise<number> {
    const body = JSON.stringify(weather);
    return (await fetch(`${this.#gateway.url}/weather`, { method: "PUT", body })).status;
  }
}

type CallOptions = {
  form?: Record<string, string>;
  key?: string;
  bearer?: string;
  timeoutMs?: number;
};
