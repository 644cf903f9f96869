import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { chooseTarget, upload } from "../../../local/catalog/target.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A shop that answers with these statuses in turn, and keeps what it was sent. */
async function shop(...statuses: number[]) {
  const seen: {
    method: string | undefined;
    url: string | undefined;
    authorization: string | undefined;
    body: string;
  }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part) => {
      body += part;
    });
    request.on("end", () => {
      const { method, url, headers } = request;
      seen.push({ method, url, authorization: headers.authorization, body });
      response
        .writeHead(statuses[seen.length - 1] ?? 200)
        .end(JSON.stringify({ title: "because" }));
    });
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  closing.push(() => server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const csv = { method: "POST", contentType: "text/csv", body: "Handle" } as const;

describe("upload", () => {
  it("waits out weather by sending the same again", async () => {
    const { seen, url } = await shop(503, 429);
    expect(await upload({ url, key: "stk" }, "/catalog/import", csv)).toEqual({ title: "because" });
    expect(seen).toEqual(
      Array(3).fill({
        method: "POST",
        url: "/ops/v1/catalog/import",
        authorization: "Bearer stk",
        body: "Handle",
      }),
    );
  });

  it("gives up at once on a refusal, in the shop's own words", async () => {
    const { seen, url } = await shop(422);
    await expect(upload({ url, key: "stk" }, "/catalog/import", csv)).rejects.toThrow(
      /422.*because/,
    );
    expect(seen).toHaveLength(1);
  });
});

describe("chooseTarget", () => {
  it("takes what is named, without a slash at the end", () => {
    const named = chooseTarget({ url: "https://shop.example/", key: "stk" });
    expect(named).toEqual({ url: "https://shop.example", key: "stk" });
  });
});
