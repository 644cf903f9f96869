import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { ask } from "../../../local/ops/ask.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A shop that answers these in turn; `null` breaks the connection. */
async function shop(...answers: ([status: number, body: unknown] | null)[]) {
  const seen: { headers: IncomingHttpHeaders; url: string | undefined }[] = [];
  const server = createServer((request, response) => {
    seen.push({ headers: request.headers, url: request.url });
    const answer = answers[Math.min(seen.length, answers.length) - 1];
    if (!answer) {
      request.socket.destroy();
      return;
    }
    const [status, body] = answer;
    response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  closing.push(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { target: { url, key: "stk" }, seen };
}

const purge = { method: "POST", path: "/ops/v1/purge", body: { all: true } } as const;
const pages = { method: "GET", path: "/ops/v1/pages" } as const;

describe("ask", () => {
  it("sends the key, and one idempotency key through all attempts", async ({ expect }) => {
    const { target, seen } = await shop(null, [503, {}], [200, { position: 1 }]);
    expect(await ask(target, purge)).toEqual({ position: 1 });
    expect(seen).toHaveLength(3);
    expect(seen[0]?.headers.authorization).toBe("Bearer stk");
    const keys = seen.map(({ headers }) => headers["idempotency-key"]);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(new Set(keys).size).toBe(1);
  });

  it("shows its key to the operators' routes alone: others would refuse it", async ({ expect }) => {
    const { target, seen } = await shop([200, { status: "ok" }]);
    await ask(target, { method: "GET", path: "/api/v2/health" });
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it("tells a refusal in the problem's own words, and does not repeat it", async ({ expect }) => {
    const problem = {
      title: "The request is not valid",
      requestId: "req_1",
      errors: [{ pointer: "/tags/0", message: "must be `kind:id`" }],
    };
    const { target, seen } = await shop([422, problem]);
    await expect(ask(target, purge)).rejects.toThrow(
      "422 The request is not valid\n  /tags/0 must be `kind:id`\n  request req_1",
    );
    expect(seen).toHaveLength(1);
  });

  it("takes a status for an answer where it is one", async ({ expect }) => {
    const { target } = await shop([503, { status: "down" }]);
    expect(await ask(target, { ...pages, accept: 503 })).toEqual({ status: "down" });
  });

  it("says so when nobody is there, or somebody else is", async ({ expect }) => {
    const nobody = { url: "http://127.0.0.1:9", key: "" };
    await expect(ask(nobody, pages)).rejects.toThrow(/127\.0\.0\.1:9/);
    const { target } = await shop([200, "<html>portal</html>"]);
    await expect(ask(target, pages)).rejects.toThrow("What answers there is no shop");
    const proxy = await shop([502, "<html>bad gateway"]);
    await expect(ask(proxy.target, pages)).rejects.toThrow("HTTP 502: <html>bad gateway");
  });
});
