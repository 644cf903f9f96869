import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, it } from "vitest";
import { Meter } from "../../../src/platform/telemetry/meter.ts";
import { postWebhook } from "../../../src/platform/webhooks/post-webhook.ts";
import { derivedWebhookSecret, signWebhook } from "../../../src/platform/webhooks/sign.ts";

const SECRET = `whsec_${btoa("a secret of at least 24 bytes")}`;

type Seen = { headers: Record<string, unknown>; body: string; path: string | undefined };
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

/** A receiver that answers always the same; without a status it never answers. */
async function receiver(status: number | undefined, headers: Record<string, string> = {}) {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += String(chunk);
    });
    request.on("end", () => {
      seen.push({ headers: request.headers, body, path: request.url });
      if (status) response.writeHead(status, headers).end("x".repeat(10_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const post = (url = `${origin}/hook`, allowedOrigins = [origin]) =>
    postWebhook(
      { url, secret: SECRET, id: "msg_1", body: '{"a":"é"}' },
      { nowMs: 1_700_000_000_999, timeoutMs: 200, allowedOrigins, meter: new Meter() },
    );
  return { seen, origin, post };
}

describe("postWebhook", () => {
  it("signs what it sends as Standard Webhooks says", async ({ expect }) => {
    const { seen, post } = await receiver(204);
    expect(await post()).toEqual({ kind: "delivered" });
    const { headers, body } = seen[0]!;
    expect(headers["webhook-id"]).toBe("msg_1");
    expect(headers["webhook-timestamp"]).toBe("1700000000");
    const key = Buffer.from(SECRET.slice(6), "base64");
    const mac = createHmac("sha256", key).update(`msg_1.1700000000.${body}`).digest("base64");
    expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
    expect(body).toBe('{"a":"é"}');
  });

  it("agrees with the specification's own example", async ({ expect }) => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const message = {
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      timestampSeconds: 1_614_265_330,
      body: '{"test": 2432232314}',
    };
    expect(await signWebhook(secret, message)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  it("says that a receiver wants no more", async ({ expect }) => {
    const { post } = await receiver(410);
    expect(await post()).toEqual({ kind: "gone" });
  });

  it.for([302, 307, 400, 404, 429, 500, 503, undefined])(
    "is to be repeated after %s",
    async (status, { expect }) => {
      const { post } = await receiver(status);
      await expect(post()).rejects.toMatchObject({ name: "DependencyDown", dependency: "webhook" });
    },
  );

  it("49 · follows no redirect", async ({ expect }) => {
    const inside = await receiver(200);
    const { post } = await receiver(302, { Location: `${inside.origin}/secret` });
    await expect(post()).rejects.toThrow();
    expect(inside.seen).toEqual([]);
  });

  it("49 · sends nothing to an address inside, though it was let in before", async ({ expect }) => {
    const { seen, post, origin } = await receiver(200);
    expect(await post(`${origin}/hook`, [])).toEqual({ kind: "refused", reason: "not_https" });
    expect(seen).toEqual([]);
  });
});

describe("derivedWebhookSecret", () => {
  it("is another for each endpoint and each deployment, and fit to sign with", async ({
    expect,
  }) => {
    const secrets = await Promise.all([
      derivedWebhookSecret("m".repeat(32), "whk_1"),
      derivedWebhookSecret("m".repeat(32), "whk_2"),
      derivedWebhookSecret("n".repeat(32), "whk_1"),
    ]);
    expect(new Set(secrets).size).toBe(3);
    for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await derivedWebhookSecret("m".repeat(32), "whk_1")).toBe(secrets[0]);
  });
});
