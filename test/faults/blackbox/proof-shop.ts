import type { LedgerEntry } from "../../../local/processors/ledger.ts";
import { startTestShop, type TestShop } from "../../support/e2e-shop.ts";

export const PROCESSORS = ["stripe", "adyen"] as const;
export type ProcessorName = (typeof PROCESSORS)[number];
export type Reply = { status: number; body: Record<string, unknown>; text: string };

/** A test's shop with what a proof needs beside it: requests that may get no answer, dials, kills. */
export type ProofShop = TestShop & {
  /** What was put on sale. */
  readonly skus: readonly string[];
  /** Undefined when no answer came, as when the runtime is killed under it. */
  send(
    method: string,
    path: string,
    options: { body?: object | undefined; headers: Record<string, string> },
  ): Promise<Reply | undefined>;
  dial(processor: ProcessorName, what: "weather" | "webhooks", setting: object): Promise<void>;
  ledgerOf(processor: ProcessorName): Promise<LedgerEntry[]>;
  /** SIGKILL to the Workers' runtime, and a start after it. */
  crash(): Promise<void>;
};

const ANSWER_WITHIN_MS = 40_000;

export async function startProofShop(
  configs?: (dir: string) => readonly string[],
): Promise<ProofShop> {
  const shop = await startTestShop(configs ? { configs } : {});
  const skus: string[] = [];
  return {
    ...shop,
    skus,
    async sell(sku, options) {
      await shop.sell(sku, options);
      skus.push(sku);
    },
    async sweep() {
      // A clock that strikes while something is away strikes again: whoever waits asks for it once more.
      await shop.sweep().catch(() => {});
    },
    async send(method, path, { body, headers }) {
      try {
        const response = await fetch(`${shop.apiUrl}${path}`, {
          method,
          headers: { ...(body && { "Content-Type": "application/json" }), ...headers },
          ...(body && { body: JSON.stringify(body) }),
          signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
        });
        const text = await response.text();
        return { status: response.status, text, body: JSON.parse(text) as Reply["body"] };
      } catch {
        return undefined;
      }
    },
    async dial(processor, what, setting) {
      const url = `http://127.0.0.1:${shop.ports[processor]}/${what}`;
      const answer = await fetch(url, { method: "PUT", body: JSON.stringify(setting) });
      if (!answer.ok) throw new Error(await answer.text());
    },
    async ledgerOf(processor) {
      const answer = await fetch(`http://127.0.0.1:${shop.ports[processor]}/ledger`);
      return ((await answer.json()) as { entries: LedgerEntry[] }).entries;
    },
    async crash() {
      await shop.runtime.kill();
      await shop.runtime.start();
    },
  };
}
