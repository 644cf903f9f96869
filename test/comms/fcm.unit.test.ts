import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeJwt } from "jose";
import { describe, it, onTestFinished } from "vitest";
import { startMessages } from "../../local/sinks/messages.ts";
import { pushAccountAt } from "../../local/stack/push-account.ts";
import { newRsaKey } from "../../local/stack/secrets.ts";
import { openFcm } from "../../src/comms/fcm/open-fcm.ts";
import { DependencyDown } from "../../src/platform/dependency.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";

const secrets = { pushKey: newRsaKey() };
const push = {
  token: "cWl0aW91cw:APA91bExampleExampleExample",
  title: "Your order F-1 is confirmed",
  body: "Thank you.",
  link: "https://shop.example/order/ord_1",
  replaces: "evt_1",
  tags: [{ name: "order", value: "ord_1" }],
};

type Answer = { status: number; json: unknown; headers?: Record<string, string> };

/** A provider that grants tokens, and answers sends as it is told to. */
async function providerAnswering(answer: Answer, granting: Partial<Answer> = {}) {
  const seen: { url: string; authorization: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { url = "", headers } = request;
    seen.push({ url, authorization: headers.authorization, body });
    const grants = seen.filter((each) => each.url === "/token").length;
    const granted = { access_token: `token-${grants}`, expires_in: 3_600 };
    const {
      status,
      json,
      headers: more,
    } = url === "/token" ? { status: 200, json: granted, headers: {}, ...granting } : answer;
    response.writeHead(status, more).end(typeof json === "string" ? json : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = { at: Date.UTC(2026, 10, 20), nowMs: () => clock.at };
  const meter = new Meter();
  const account = pushAccountAt(secrets)(url);
  const provider = openFcm({ url, account, timeoutMs: 2_000, meter, clock });
  const grants = () => seen.filter((each) => each.url === "/token");
  return { provider, seen, grants, clock, meter, account };
}

const failed = (code: number, errorCode: string, more: object[] = [], message = ""): Answer => ({
  status: code,
  json: {
    error: {
      code,
      message,
      status: "X",
      details: [
        { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", errorCode },
        ...more,
      ],
    },
  },
});
const violation = (field: string) => ({
  "@type": "type.googleapis.com/google.rpc.BadRequest",
  fieldViolations: [{ field, description: `not ${push.token}` }],
});
const OK: Answer = { status: 200, json: { name: "projects/p/messages/1" } };
const weatherOf = (sending: Promise<unknown>) =>
  sending.then(
    () => undefined,
    (error: unknown) => (error instanceof DependencyDown ? error : undefined),
  );

describe("openFcm", () => {
  it("sends one request that each kind of device can read, under a name for doubles", async ({
    expect,
  }) => {
    const { provider, seen, meter } = await providerAnswering(OK);
    const outcome = await provider.send(push);
    expect(outcome).toEqual({ kind: "sent", messageId: "projects/p/messages/1" });
    expect(seen[1]).toMatchObject({
      url: "/v1/projects/frontage-local/messages:send",
      authorization: "Bearer token-1",
    });
    expect(JSON.parse(seen[1]!.body)).toEqual({
      message: {
        token: push.token,
        notification: { title: push.title, body: push.body },
        data: { link: push.link, order: "ord_1" },
        android: { collapse_key: "evt_1", notification: { tag: "evt_1" } },
        apns: { headers: { "apns-collapse-id": "evt_1" } },
        webpush: { notification: { tag: "evt_1" }, fcm_options: { link: push.link } },
      },
    });
    expect(meter.steps.map(({ kind }) => kind)).toEqual(["push", "push"]);
  });

  it("asks for an access token once in its life, by an assertion for that endpoint", async ({
    expect,
  }) => {
    const { provider, grants, clock, account } = await providerAnswering(OK);
    for (const minutes of [0, 1, 58]) {
      clock.at = Date.UTC(2026, 10, 20, 0, minutes);
      await provider.send(push);
    }
    expect(grants()).toHaveLength(1);
    const form = new URLSearchParams(grants()[0]!.body);
    expect(form.get("grant_type")).toBe("urn:ietf:params:oauth:grant-type:jwt-bearer");
    const { iat, exp, ...claims } = decodeJwt(form.get("assertion")!);
    expect(exp! - iat!).toBe(3_600);
    expect(claims).toEqual({
      iss: account.client_email,
      aud: account.token_uri,
      scope: "https://www.googleapis.com/auth/firebase.messaging",
    });
    // One that ends in a moment might not arrive before it.
    clock.at = Date.UTC(2026, 10, 20, 0, 59, 30);
    await provider.send(push);
    expect(grants()).toHaveLength(2);
  });

  it("asks for another when the one that it has is refused", async ({ expect }) => {
    const { provider, grants } = await providerAnswering(failed(401, "UNAUTHENTICATED"));
    expect(await weatherOf(provider.send(push))).toBeDefined();
    expect(await weatherOf(provider.send(push))).toBeDefined();
    expect(grants()).toHaveLength(2);
  });

  it.for([
    ["gone", failed(404, "UNREGISTERED")],
    ["gone", failed(400, "INVALID_ARGUMENT", [violation("message.token")])],
    ["gone", failed(400, "INVALID_ARGUMENT", [], "The registration token is not a valid one")],
    ["foreign", failed(403, "SENDER_ID_MISMATCH")],
    ["refused", failed(400, "INVALID_ARGUMENT", [violation("message.android.ttl")])],
    [
      "refused",
      failed(400, "INVALID_ARGUMENT", [violation("message.token"), violation("message.data")]),
    ],
  ] as const)("takes for %s: %o", async ([kind, answer], { expect }) => {
    const { provider } = await providerAnswering(answer);
    const outcome = await provider.send(push);
    expect(outcome.kind).toBe(kind);
    expect(JSON.stringify(outcome)).not.toContain(push.token);
  });

  it.for([
    // No word of Firebase's own: a wrong address must not cost every device.
    [{ status: 404, json: "<html>not found</html>" }, undefined],
    [{ status: 404, json: { error: { status: "NOT_FOUND" } } }, undefined],
    [{ status: 400, json: "bad" }, undefined],
    [failed(401, "THIRD_PARTY_AUTH_ERROR"), undefined],
    [failed(403, "PERMISSION_DENIED"), undefined],
    [failed(429, "QUOTA_EXCEEDED"), 60],
    [{ ...failed(429, "QUOTA_EXCEEDED"), headers: { "Retry-After": "7" } }, 7],
    [{ ...failed(503, "UNAVAILABLE"), headers: { "Retry-After": "30" } }, 30],
    [{ ...failed(503, "UNAVAILABLE"), headers: { "Retry-After": "soon" } }, undefined],
    [failed(500, "INTERNAL"), undefined],
    [{ status: 200, json: "not json" }, undefined],
  ] as const)("takes for weather: %o", async ([answer, seconds], { expect }) => {
    const { provider } = await providerAnswering(answer);
    const weather = await weatherOf(provider.send(push));
    expect(weather?.dependency).toBe("push");
    expect(weather?.retryAfterSeconds).toBe(seconds);
    expect(String(weather?.cause)).not.toContain(push.token);
  });

  it("takes a refused assertion for weather: somebody can mend the account", async ({ expect }) => {
    const refusing = { status: 400, json: { error: "invalid_grant", error_description: "no" } };
    const { provider, seen } = await providerAnswering(OK, refusing);
    const weather = await weatherOf(provider.send(push));
    expect(String(weather?.cause)).toContain("token endpoint: HTTP 400 invalid_grant");
    expect(seen).toHaveLength(1);
  });
});

describe("the local sink", () => {
  async function opened(account = pushAccountAt(secrets)) {
    const dir = mkdtempSync(join(tmpdir(), "frontage-push-"));
    const clock = { at: Date.now(), nowMs: () => clock.at };
    const options = { port: 0, dir, key: "k", nowMs: clock.nowMs };
    const sink = await startMessages({ ...options, pushAccount: pushAccountAt(secrets) });
    onTestFinished(async () => {
      await sink.close();
      rmSync(dir, { recursive: true });
    });
    const meter = new Meter();
    const api = { url: sink.url, timeoutMs: 5_000, meter, clock };
    const provider = openFcm({ ...api, account: account(sink.url) });
    const kept = async () =>
      ((await (await fetch(`${sink.url}/messages`)).json()) as { messages: object[] }).messages;
    return { provider, sink, clock, kept };
  }

  it("takes what the shop sends, and shows it beside the mails", async ({ expect }) => {
    const { provider, kept } = await opened();
    expect(await provider.send(push)).toMatchObject({ kind: "sent" });
    expect(await kept()).toMatchObject([
      { channel: "push", to: push.token, subject: push.title, text: push.body, calls: 1 },
    ]);
  });

  it("believes no assertion that another key has signed, or that is for another place", async ({
    expect,
  }) => {
    const others = [
      pushAccountAt({ pushKey: newRsaKey() }),
      (url: string) => ({ ...pushAccountAt(secrets)(url), client_email: "eve@example.com" }),
    ];
    for (const account of others) {
      const { provider, kept } = await opened(account);
      expect(await weatherOf(provider.send(push))).toBeDefined();
      expect(await kept()).toEqual([]);
    }
  });

  it("takes no access token that is over, revoked or another project's", async ({ expect }) => {
    const { provider, sink, clock, kept } = await opened();
    await provider.send(push);
    await fetch(`${sink.url}/push/revoke`, { method: "POST" });
    expect(await weatherOf(provider.send(push))).toBeDefined();
    expect(await provider.send(push)).toMatchObject({ kind: "sent" });
    clock.at += 3_600_000;
    expect(await provider.send(push)).toMatchObject({ kind: "sent" });
    const other = await opened((url) => ({ ...pushAccountAt(secrets)(url), project_id: "other" }));
    expect(await weatherOf(other.provider.send(push))).toBeDefined();
    expect([(await kept()).length, (await other.kept()).length]).toEqual([3, 0]);
  });

  it("refuses what Firebase would", async ({ expect }) => {
    const { provider, kept } = await opened();
    const bad = [
      { ...push, body: "x".repeat(4_097) },
      { ...push, replaces: "x".repeat(65) },
      { ...push, tags: [{ name: "google.x", value: "1" }] },
    ];
    for (const message of bad) {
      expect(await provider.send(message)).toMatchObject({ kind: "refused" });
    }
    expect(await provider.send({ ...push, token: "garbage" })).toMatchObject({ kind: "gone" });
    expect(await kept()).toEqual([]);
  });
});
