import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, onTestFinished, test } from "vitest";
import type { Gateway } from "../../../local/gateways/gateway.ts";
import { type Message, startMessages } from "../../../local/sinks/messages.ts";
import { pushAccountAt } from "../../../local/stack/push-account.ts";
import { newRsaKey } from "../../../local/stack/secrets.ts";

const KEY = "re_local";
const pushAccount = pushAccountAt({ pushKey: newRsaKey() });
const MAIL = {
  from: "Shop <shop@example.com>",
  to: "ann@example.com",
  subject: "Order 1001",
  html: "<p>Thank you</p>",
  text: "Thank you",
  tags: [{ name: "order", value: "ord_1" }],
};

let dir: string;
let sink: Gateway;
const open = async () => {
  sink = await startMessages({ port: 0, dir, key: KEY, pushAccount });
};
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "frontage-messages-"));
  await open();
  onTestFinished(async () => {
    await sink.close();
    rmSync(dir, { recursive: true });
  });
});

async function send(mail: unknown, { key = "", bearer = KEY, path = "/emails" } = {}) {
  const headers = new Headers({ Authorization: `Bearer ${bearer}` });
  if (key) headers.set("Idempotency-Key", key);
  const body = typeof mail === "string" ? mail : JSON.stringify(mail);
  const response = await fetch(sink.url + path, { method: "POST", headers, body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
async function messages(query = ""): Promise<Message[]> {
  const response = await fetch(`${sink.url}/messages${query}`);
  return ((await response.json()) as { messages: Message[] }).messages;
}

describe("POST /emails", () => {
  test("keeps the mail as it was handed in", async ({ expect }) => {
    const { status, body } = await send(MAIL, { key: "ord_1:confirmation" });
    expect(status).toBe(200);
    expect(await messages()).toEqual([
      {
        ...MAIL,
        id: body.id,
        channel: "email",
        at: expect.any(String),
        idempotencyKey: "ord_1:confirmation",
        calls: 1,
      },
    ]);
  });

  test("a repeat with the same key sends nothing more, also after a restart", async ({
    expect,
  }) => {
    const first = await send(MAIL, { key: "k1" });
    expect((await send(MAIL, { key: "k1" })).body).toEqual(first.body);
    await sink.close();
    await open();
    expect((await send(MAIL, { key: "k1" })).body).toEqual(first.body);
    expect((await messages()).map(({ calls }) => calls)).toEqual([3]);
  });

  test("another mail under the same key is refused", async ({ expect }) => {
    await send(MAIL, { key: "k1" });
    const other = await send({ ...MAIL, subject: "Other" }, { key: "k1" });
    expect([other.status, other.body.name]).toEqual([409, "invalid_idempotent_request"]);
    expect(await messages()).toHaveLength(1);
  });

  test("without a key each call is a mail", async ({ expect }) => {
    await send(MAIL);
    await send(MAIL);
    expect(await messages()).toHaveLength(2);
  });

  test.for([
    ["not json"],
    [{}],
    [{ ...MAIL, to: [] }],
    [{ ...MAIL, html: undefined, text: undefined }],
    [{ ...MAIL, tags: ["order"] }],
  ])("%o is refused", async ([mail], { expect }) => {
    const refused = await send(mail);
    expect([refused.status, refused.body.name]).toEqual([422, "validation_error"]);
    expect(await messages()).toEqual([]);
  });

  test("needs the key", async ({ expect }) => {
    expect((await send(MAIL, { bearer: "" })).status).toBe(401);
    expect((await send(MAIL, { bearer: "re_other" })).status).toBe(403);
    expect(await messages()).toEqual([]);
  });

  test("in bad weather nothing is kept, or it is kept and not answered", async ({ expect }) => {
    const weather = (body: object) =>
      fetch(`${sink.url}/weather`, { method: "PUT", body: JSON.stringify(body) });
    await weather({ errorRate: 1 });
    expect((await send(MAIL, { key: "k1" })).status).toBe(500);
    expect(await messages()).toEqual([]);
    await weather({ down: true });
    await expect(send(MAIL)).rejects.toThrow("fetch failed");
    await weather({});
    expect((await send(MAIL, { key: "k1" })).status).toBe(200);
  });
});

describe("reading", () => {
  test("by recipient and by tag", async ({ expect }) => {
    await send({ ...MAIL, to: ["ann@example.com", "bob@example.com"] });
    await send({ ...MAIL, to: "bob@example.com", tags: [{ name: "order", value: "ord_2" }] });
    await send({ from: "+1", to: "+2", text: "On its way" }, { path: "/sms" });

    expect(await messages("?to=bob@example.com")).toHaveLength(2);
    expect(await messages("?to=ann@example.com")).toHaveLength(1);
    expect(await messages("?to=bob")).toHaveLength(0);
    expect(await messages("?tag=ord_2")).toHaveLength(1);
    expect(await messages("?tag=order:ord_1")).toHaveLength(1);
    expect(await messages("?to=%2B2")).toMatchObject([{ channel: "sms", text: "On its way" }]);
  });

  test("the page shows the mail without letting its markup out", async ({ expect }) => {
    await send({ ...MAIL, subject: "<script>alert(1)</script>", html: '<p title="x">Hi</p>' });
    const response = await fetch(`${sink.url}/`);
    const page = await response.text();
    expect(response.headers.get("Content-Type")).toContain("text/html");
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page).not.toContain("<script>");
    expect(page).toContain('sandbox=""');
    expect(page).toContain("&lt;p title=&quot;x&quot;&gt;Hi&lt;/p&gt;");
  });
});
