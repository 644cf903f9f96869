import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { runCommand } from "../../../local/ops/run-command.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A shop that answers these pages of its audit, by cursor. */
async function shopWith(pages: Record<string, object>) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://shop.test");
    asked.push(`${url.pathname}${url.search}`);
    const page = pages[url.searchParams.get("cursor") ?? ""];
    response.writeHead(page ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(page ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { asked, target: { url, key: "k" } };
}

const finding = { orderId: "ord_2", invariant: "I1", detail: "d", repair: "r" };
const page = { findings: [], unknown: [], checked: 50, nextCursor: null };

describe("an audit", () => {
  it("walks all pages, and ends with 1 when one of them has a finding", async ({ expect }) => {
    const { asked, target } = await shopWith({
      "": { ...page, nextCursor: "ord_1" },
      ord_1: { ...page, checked: 3, findings: [finding] },
    });
    const { answer, exitCode } = await runCommand({ name: "audit" }, target);
    expect(answer).toMatchObject({ checked: 53, findings: [finding] });
    expect(exitCode).toBe(1);
    expect(asked).toEqual([
      "/ops/v1/audit/consistency?limit=50",
      "/ops/v1/audit/consistency?limit=50&cursor=ord_1",
    ]);
  });

  it("ends with 0 when all is well", async ({ expect }) => {
    const { target } = await shopWith({ "": page });
    expect(await runCommand({ name: "audit" }, target)).toMatchObject({ exitCode: 0 });
  });
});
