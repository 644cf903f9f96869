import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { type Delivery, startDeliveries } from "../../../local/sinks/deliveries.ts";

async function openSink() {
  const dir = mkdtempSync(join(tmpdir(), "frontage-deliveries-"));
  let sink = await startDeliveries({ port: 0, dir });
  onTestFinished(async () => {
    await sink.close();
    rmSync(dir, { recursive: true });
  });
  const post = (path: string, body: string) =>
    fetch(sink.url + path, { method: "POST", body, headers: { "X-Signature": "s" } });
  const deliveries = async (query = ""): Promise<Delivery[]> => {
    const response = await fetch(`${sink.url}/deliveries${query}`);
    return ((await response.json()) as { deliveries: Delivery[] }).deliveries;
  };
  const reopen = async () => {
    await sink.close();
    sink = await startDeliveries({ port: 0, dir });
  };
  return { post, deliveries, reopen };
}

test("a webhook at any path is kept with its raw body and headers, over restarts", async ({
  expect,
}) => {
  const sink = await openSink();
  expect((await sink.post("/erp/orders", '{ "id": 1 }')).status).toBe(200);
  await sink.post("/other", "not json");
  await sink.reopen();

  expect(await sink.deliveries()).toMatchObject([
    { path: "/erp/orders", body: '{ "id": 1 }', json: { id: 1 }, headers: { "x-signature": "s" } },
    { path: "/other", body: "not json", json: null },
  ]);
  expect(await sink.deliveries("?path=/other")).toHaveLength(1);
});
