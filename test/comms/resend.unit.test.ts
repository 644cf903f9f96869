import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { openResend } from "../../src/comms/resend.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";

const mail = { to: "ada@example.com", subject: "s", text: "t", html: "<p>t</p>", tags: [] };
type Seen = { url: string | undefined; headers: Record<string, unknown>; body: string };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A provider that answers always the same; `undefined` never answers. */
async function providerAnswering(answer: { status: number; body: string } | undefined) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      seen.push({ url: request.url, headers: request.headers, body });
      if (answer) response.writeHead(answer.status).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const meter = new Meter();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const provider = openResend({
    url,
    key: "re_1",
    from: "Shop <a@b.example>",
    timeoutMs: 200,
    meter,
  });
  return { provider, seen, meter };
}

const json = (status: number, body: unknown) => ({ status, body: JSON.stringify(body) });

describe("openResend", () => {
  it("sends one request with the key under which it happens once", async ({ expect }) => {
    const { provider, seen, meter } = await providerAnswering(json(200, { id: "msg_1" }));
    expect(await provider.send(mail, "evt_1:t")).toEqual({ kind: "sent", messageId: "msg_1" });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      url: "/emails",
      headers: { authorization: "Bearer re_1", "idempotency-key": "evt_1:t" },
    });
    expect(JSON.parse(seen[0]!.body)).toEqual({ from: "Shop <a@b.example>", ...mail });
    expect(meter.steps.map(({ kind }) => kind)).toEqual(["mail"]);
  });

  it("tells a mail that will never go from one that may go later", async ({ expect }) => {
    const refused = await providerAnswering(
      json(422, { name: "validation_error", message: "bad to" }),
    );
    expect(await refused.provider.send(mail, "k")).toEqual({ kind: "refused", reason: "bad to" });
    for (const status of [401, 403, 404, 429, 500, 503]) {
      const { provider } = await providerAnswering(json(status, { name: "nope" }));
      await expect(provider.send(mail, "k"), String(status)).rejects.toThrow("mail is unavailable");
    }
  });

  it("waits while the same mail is being sent, and knows when it was sent before", async ({
    expect,
  }) => {
    const running = await providerAnswering(json(409, { name: "concurrent_idempotent_requests" }));
    await expect(running.provider.send(mail, "k")).rejects.toThrow("mail is unavailable");
    const changed = await providerAnswering(json(409, { name: "invalid_idempotent_request" }));
    expect(await changed.provider.send(mail, "k")).toMatchObject({ kind: "sent" });
  });

  it("does not take silence or an unreadable success for a sent mail", async ({ expect }) => {
    for (const answer of [undefined, { status: 200, body: "<html>" }, json(200, { ok: true })]) {
      const { provider } = await providerAnswering(answer);
      await expect(provider.send(mail, "k")).rejects.toThrow("mail is unavailable");
    }
  });
});
