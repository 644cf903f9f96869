import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { loadContent } from "../../../local/content/load-content.ts";

let close = () => {};
afterEach(() => close());

/** A shop that gives these statuses in turn, and keeps what it was sent. */
async function shop(...statuses: number[]) {
  const seen: { what: string; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += String(part);
    seen.push({ what: `${request.method} ${request.url}`, body });
    response.writeHead(statuses[seen.length - 1] ?? 201).end("{}");
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  close = () => server.close();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { target: { url, key: "stk" }, seen };
}

const FILE = { blocks: { a: { title: "A" }, b: { title: "B" } }, pages: { home: { title: "H" } } };

describe("loadContent", () => {
  it("makes blocks before the pages that show them", async ({ expect }) => {
    const { target, seen } = await shop();
    await loadContent(target, FILE);
    expect(seen).toEqual([
      { what: "PUT /ops/v1/content/blocks/a", body: '{"title":"A"}' },
      { what: "PUT /ops/v1/content/blocks/b", body: '{"title":"B"}' },
      { what: "PUT /ops/v1/content/pages/home", body: '{"title":"H"}' },
    ]);
  });

  it("leaves what was edited, and goes on", async ({ expect }) => {
    const { target, seen } = await shop(409, 201, 409);
    await loadContent(target, FILE);
    expect(seen).toHaveLength(3);
  });

  it("stops at any other refusal", async ({ expect }) => {
    const { target, seen } = await shop(201, 422);
    await expect(loadContent(target, FILE)).rejects.toThrow(/blocks\/b.*HTTP 422/);
    expect(seen).toHaveLength(2);
  });
});
