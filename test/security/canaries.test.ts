import { afterAll, beforeAll, describe, it, vi } from "vitest";
import { recordFact } from "../../src/orders/record-fact.ts";
import comms from "../../workers/comms/index.ts";
import { captured } from "../orders/placed-order.ts";
import { ioAt, placed } from "../orders/world.ts";
import { as, codeFor, type Tokens } from "../support/account.ts";
import { linkToken, ownEmail, receiveMails } from "../support/mailbox.ts";
import { deviceFault, register } from "../support/push.ts";
import { call, ownSku, sell } from "../support/worker-shop.ts";
import { deliver, messageOf } from "../workers/deliver.ts";
import { credentials, documentedRoutes, type Route, send } from "./documented-routes.ts";
import { rightRequest } from "./right-request.ts";
import { type Find, findIn, searchStores } from "./where-it-went.ts";

const mark = crypto.randomUUID().slice(0, 8);
const EMAIL = ownEmail();
/** What nobody may ever find again, by what it is. Real secrets of an account join them. */
const secrets: Record<string, string> = {
  password: `canary password ${mark}`,
  "new password": `another canary ${mark}`,
  "card number": "5105105105105100",
  "security code": `cvv-${mark}`,
  "made-up access token": `eyJhbGciOiJFZERTQSJ9.${mark}canary.c2lnbmF0dXJl`,
  "made-up refresh token": `frt_${mark}canary`,
};

const AUTH = "/api/v2/auth";

/** Told of an order and gone, as a device may be: what was tried is logged, and noted. */
async function tellADevice(who: Tokens): Promise<void> {
  const { token } = await register(who);
  secrets["device's token"] = token;
  const { body: me } = await as<{ id: string }>(who, "GET", "/api/v2/me");
  const { orderId, body } = await placed({ cartOwner: `user:${me.id}` });
  const fact = captured(body.totals.total.amount);
  await recordFact(ioAt(Date.now() + 1), { orderId, actor: "test", fact });
  const message = messageOf(orderId, 2, "payment.captured.v1");
  for (const fault of ["unavailable", "bad_message", "unregistered"]) {
    await deviceFault(token, fault);
    await deliver(comms, "comms", [message]);
    await register(who, token);
  }
}

/** The life of an account, from the first mail to a password set anew, with each secret it is given. */
async function liveAnAccount(): Promise<void> {
  const password = secrets.password!;
  await call("POST", `${AUTH}/register`, { body: { email: EMAIL, password } });
  const [verify] = await receiveMails(EMAIL);
  await call("POST", `${AUTH}/verify-email`, { body: { token: linkToken(verify!) } });
  await call("POST", `${AUTH}/login`, {
    body: { email: EMAIL, password: secrets["new password"] },
  });
  const { body: first } = await call<Tokens>("POST", `${AUTH}/login`, {
    body: { email: EMAIL, password },
  });
  const { body: setup } = await as<{ secret: string }>(first, "POST", `${AUTH}/2fa/setup`, {});
  const { body: confirmed } = await as<Tokens & { recoveryCodes: string[] }>(
    first,
    "POST",
    `${AUTH}/2fa/confirm`,
    { code: await codeFor(setup.secret) },
  );
  const { body: renewed } = await call<Tokens>("POST", `${AUTH}/refresh`, {
    body: { refreshToken: confirmed.refreshToken },
  });
  await as(renewed, "GET", "/api/v2/me");
  await tellADevice(renewed);
  await as(renewed, "POST", `${AUTH}/password/change`, {
    currentPassword: password,
    newPassword: secrets["new password"],
  });
  const { body: asked } = await call<{ twoFactorToken: string }>("POST", `${AUTH}/login`, {
    body: { email: EMAIL, password: secrets["new password"] },
  });
  Object.assign(secrets, {
    "access token": renewed.accessToken,
    "refresh token": renewed.refreshToken,
    "replaced refresh token": confirmed.refreshToken,
    "second factor's secret": setup.secret,
    "recovery code": confirmed.recoveryCodes[0],
    "two-factor token": asked.twoFactorToken,
  });
}

/** What a careless front end sends along: secrets where they do not belong, and a text that is no JSON. */
function carelessRequests(route: Route): { path: string; init: RequestInit }[] {
  const { path, method, headers, json } = rightRequest(route);
  const { password, "card number": pan, "security code": cvv } = secrets;
  const stray = { password, cardNumber: pan, cvv, refreshToken: secrets["made-up refresh token"] };
  const query = new URLSearchParams({ password: password!, card: pan! });
  const asked = `${path}${path.includes("?") ? "&" : "?"}${query}`;
  const hasBody = method !== "GET" && method !== "HEAD";
  const type = { "Content-Type": "application/json" };
  const body = JSON.stringify({ ...(json as object | undefined), ...stray });
  const own = credentials(route);
  return [
    { path: asked, init: { method, headers, ...(hasBody && json !== undefined && { body }) } },
    {
      path: asked,
      init: {
        method,
        headers: {
          ...own,
          ...type,
          Authorization: `Bearer ${secrets["made-up access token"]}`,
        },
        ...(hasBody && { body: body.slice(0, -1) }),
      },
    },
  ];
}

describe("72 · canaries sent through every route", () => {
  const lines: string[] = [];
  const inAnswers: Find[] = [];

  beforeAll(async () => {
    for (const method of ["log", "info", "warn", "error", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => {
        lines.push(parts.map(String).join(" "));
      });
    }
    await liveAnAccount();
    for (const route of await documentedRoutes()) {
      for (const { path, init } of carelessRequests(route)) {
        const answer = await send(path, init);
        const text = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
        inAnswers.push(...findIn(route.name, text, secrets));
      }
    }
    vi.restoreAllMocks();
  }, 120_000);
  afterAll(() => vi.restoreAllMocks());

  it("72 · come back in no answer", ({ expect }) => {
    expect(inAnswers).toEqual([]);
  });

  it("72 · are in no line of the log, the shopper's address neither", ({ expect }) => {
    expect(lines.length).toBeGreaterThan(0);
    const found = lines.flatMap((line) => findIn(line, line, { ...secrets, email: EMAIL }));
    expect(found).toEqual([]);
  });

  it("72 · are in no mail", async ({ expect }) => {
    const mails = await receiveMails(EMAIL);
    expect(mails.length).toBeGreaterThan(1);
    expect(mails.flatMap((mail) => findIn("a mail", JSON.stringify(mail), secrets))).toEqual([]);
  });

  it("72 · would be found: what is kept is", async ({ expect }) => {
    const sku = ownSku();
    await sell({ sku });
    await call("POST", "/api/v2/cart/lines", { body: { sku, quantity: 1 } });
    const places = (await searchStores({ sku })).map(({ where }) => where);
    expect(places).toEqual(expect.arrayContaining(["mysql variants", "object CART"]));
  });

  it("72 · are kept nowhere, and the address only where an account has it", async ({ expect }) => {
    const found = await searchStores({ ...secrets, email: EMAIL });
    const places = (what: string) =>
      new Set(found.filter((find) => find.what === what).map(({ where }) => where));
    expect(found.filter(({ what }) => what !== "email")).toEqual([]);
    expect([...places("email")].sort()).toEqual([
      "mysql account_mails",
      "mysql users",
      "redis user user",
    ]);
  });
});
