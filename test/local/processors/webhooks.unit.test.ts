import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test, vi } from "vitest";
import { type WebhookOptions, Webhooks } from "../../../local/processors/webhooks.ts";

/** An API that answers with these statuses in turn, then 200; and a teller of its own. */
async function world(statuses: number[] = [], options: Partial<WebhookOptions> = {}) {
  const got: string[] = [];
  const server = createServer((request, response) => {
    const chunks: string[] = [];
    request.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    request.on("end", () => {
      got.push(chunks.join(""));
      response.writeHead(statuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const dir = mkdtempSync(join(tmpdir(), "frontage-webhooks-"));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const open: Webhooks[] = [];
  const start = (more: Partial<WebhookOptions> = {}) => {
    const sign: WebhookOptions["sign"] = ({ body }) => ({ body, headers: {} });
    const webhooks = new Webhooks({ dir, name: "test", url, sign, ...options, ...more });
    open.push(webhooks);
    return webhooks;
  };
  onTestFinished(async () => {
    for (const webhooks of open) await webhooks.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });
  return { got, start };
}
const put = (webhooks: Webhooks, setting: object) => {
  const request = { method: "PUT", path: "/webhooks", body: JSON.stringify(setting) };
  const reply = webhooks.answer({ ...request, query: new URLSearchParams(), headers: {} });
  return reply !== "hang-up" && reply?.status;
};
/** Until the answer was heard: the other side has an event a moment before that. */
const settled = (webhooks: Webhooks) =>
  vi.waitUntil(() => webhooks.events().every(({ isSettled }) => isSettled), {
    timeout: 5_000,
    interval: 10,
  });
const come = (got: string[], count: number) =>
  vi.waitUntil(() => got.length >= count, { timeout: 5_000, interval: 10 });

test("an event is sent until it is accepted", async ({ expect }) => {
  const { got, start } = await world([500, 401]);
  start().tell({ id: "e1", body: "one" });
  await come(got, 3);
  expect(got).toEqual(["one", "one", "one"]);
});

test("what was not accepted is sent after a restart, what was is not", async ({ expect }) => {
  const { got, start } = await world();
  const first = start();
  first.tell({ id: "e1", body: "one" });
  await settled(first);
  await first.close();
  const away = start({ url: "http://127.0.0.1:9" });
  away.tell({ id: "e2", body: "two" });
  await away.close();
  start();
  await come(got, 2);
  expect(got).toEqual(["one", "two"]);
});

test("the dial drops, repeats and delays", async ({ expect }) => {
  const { got, start } = await world([], { random: () => 0.5 });
  const webhooks = start();
  expect(put(webhooks, { dropRate: 1 })).toBe(200);
  webhooks.tell({ id: "dropped", body: "dropped" });
  expect(put(webhooks, { duplicateRate: 1, delayMs: 100 })).toBe(200);
  const startedAtMs = performance.now();
  webhooks.tell({ id: "twice", body: "twice" });
  await come(got, 2);
  expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(95);
  expect(got).toEqual(["twice", "twice"]);
  expect(put(webhooks, { dropRate: 2 })).toBe(422);
});
