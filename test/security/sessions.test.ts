import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { api } from "../../src/api.ts";
import { sessions } from "../../src/identity/schema.ts";
import { refreshSession } from "../../src/identity/sessions/refresh-session.ts";
import { sweepRevocations } from "../../src/identity/sessions/tell-revocations.ts";
import { EDGE_MAX_AGE_MS } from "../../src/platform/edge/facts.ts";
import { edgeReader } from "../../src/platform/edge/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { ioAt } from "../orders/world.ts";
import {
  as,
  bearer,
  logIn,
  newAccount,
  PASSWORD,
  signedIn,
  type Tokens,
} from "../support/account.ts";
import { call } from "../support/worker-shop.ts";

const refresh = (refreshToken: string) =>
  call<Tokens>("POST", "/api/v2/auth/refresh", { body: { refreshToken } });

/** The same exchange at another moment. */
const refreshAt = (refreshToken: string, nowMs: number) =>
  refreshSession(openIo(env, "test", new Meter(), { nowMs: () => nowMs }), env, refreshToken);

/** The bindings of an isolate of its own: it has its own view of the feed, and a feed that may be away. */
const anotherIsolate = (isAway = () => false): Env => ({
  ...env,
  EDGE_FEED: {
    getByName: (name: string) => {
      if (isAway()) throw Object.assign(new Error("no answer"), { retryable: true });
      return env.EDGE_FEED.getByName(name);
    },
  } as Env["EDGE_FEED"],
});

async function askIn(isolate: Env, path: string, { accessToken }: Tokens, method = "GET") {
  const request = new Request(`http://shop.test${path}`, {
    method,
    headers: { ...bearer({ accessToken }), "Content-Type": "application/json" },
    ...(method === "GET" ? {} : { body: "{}" }),
  });
  const response = await api.fetch(request, isolate, createExecutionContext());
  await response.body?.cancel();
  return response.status;
}

const sidOf = ({ accessToken }: Tokens) =>
  (JSON.parse(atob(accessToken.split(".")[1]!)) as { sid: string }).sid;
const sessionOf = async (tokens: Tokens) => {
  const [row] = await ioAt()
    .sql.select()
    .from(sessions)
    .where(eq(sessions.id, sidOf(tokens) as typeof sessions.$inferSelect.id));
  return row!;
};

describe("a refresh token", () => {
  it("13 · that was replaced and is used again ends its whole family, and is logged", async () => {
    const first = await signedIn();
    const second = (await refresh(first.refreshToken)).body;
    const third = (await refresh(second.refreshToken)).body;
    const logged = vi.spyOn(console, "log");
    expect((await refresh(first.refreshToken)).status).toBe(401);
    expect(logged.mock.calls.flat().join()).toContain("identity.refresh_reused");
    logged.mockRestore();
    expect((await refresh(third.refreshToken)).status).toBe(401);
    expect(await sessionOf(third)).toMatchObject({ revokedReason: "reuse" });
    for (const tokens of [first, second, third]) {
      expect(await askIn(anotherIsolate(), "/api/v2/cart", tokens)).toBe(401);
    }
  });

  it("13 · that was replaced longer ago than the grace ends its family, though nobody went on", async () => {
    const tokens = await signedIn();
    const nowMs = Date.now();
    expect((await refreshAt(tokens.refreshToken, nowMs)).ok).toBe(true);
    expect((await refreshAt(tokens.refreshToken, nowMs + 60_001)).ok).toBe(false);
    expect(await sessionOf(tokens)).toMatchObject({ revokedReason: "reuse" });
  });

  it("14 · whose answer was lost gets the same successor within the grace", async () => {
    const tokens = await signedIn();
    const nowMs = Date.now();
    const lost = await refreshAt(tokens.refreshToken, nowMs);
    const again = await refreshAt(tokens.refreshToken, nowMs + 60_000);
    if (!lost.ok || !again.ok) throw new Error("refused");
    expect(again.value.refreshToken).toBe(lost.value.refreshToken);
    expect((await refresh(again.value.refreshToken)).status).toBe(200);
  });

  it("15 · used many times at once stays one family with one successor", async () => {
    const tokens = await signedIn();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => refresh(tokens.refreshToken)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    expect(new Set(answers.map(({ body }) => sidOf(body))).size).toBe(1);
    expect(await sessionOf(tokens)).toMatchObject({ generation: 2, revokedAtMs: null });
  });

  it("13 · is kept nowhere, and a forged one costs no question", async () => {
    const tokens = await signedIn();
    const [seal = "", reference = "", mac = ""] = tokens.refreshToken.split("~");
    const kept = JSON.stringify(await sessionOf(tokens));
    expect(mac.length * 6).toBeGreaterThanOrEqual(256);
    expect(kept).not.toContain(mac);
    const forged = [
      `${seal}~${reference}~${"A".repeat(43)}`,
      `${seal}~${reference.replace(/\d+$/, "2")}~${mac}`,
      `other~${reference}~${mac}`,
      `${seal}~${reference}`,
      mac,
    ];
    for (const each of forged) {
      const answered = await refresh(each);
      expect([answered.status, answered.headers.get("X-Round-Trips")]).toEqual([401, "0"]);
    }
    expect((await refresh(tokens.refreshToken)).status).toBe(200);
  });
});

describe("a session that ends", () => {
  type Ending = (tokens: Tokens & { id: string; email: string }) => Promise<{ status: number }>;
  const endings: Record<string, Ending> = {
    "by signing out": (tokens) => as(tokens, "POST", "/api/v2/auth/logout", {}),
    "by signing out with the refresh token alone": ({ refreshToken }) =>
      call("POST", "/api/v2/auth/logout", { body: { refreshToken } }),
    "by signing out everywhere, from another device": async (tokens) => {
      const { body } = await logIn(tokens);
      return as(body, "POST", "/api/v2/auth/logout-all");
    },
    "by a new password, from another device": async (tokens) => {
      const { body } = await logIn(tokens);
      return as(body, "POST", "/api/v2/auth/password/change", {
        currentPassword: PASSWORD,
        newPassword: "a quite different password",
      });
    },
    "because its account was disabled": ({ id }) => call("POST", `/ops/v1/users/${id}/disable`),
  };

  it.for(Object.entries(endings))(
    "16 · %s is refused by every isolate, and cannot be refreshed",
    async ([, end]) => {
      const tokens = await signedIn();
      const [here, elsewhere] = [anotherIsolate(), anotherIsolate()];
      for (const isolate of [here, elsewhere]) {
        expect(await askIn(isolate, "/api/v2/cart", tokens)).toBe(200);
      }
      expect((await end(tokens)).status).toBe(200);
      // The stated bound, without waiting for it: what an isolate knew is a second old.
      for (const isolate of [here, elsewhere]) {
        const reader = edgeReader(isolate);
        const later = Date.now() + EDGE_MAX_AGE_MS;
        const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
        expect(reader.state(later)).not.toBe("fresh");
        expect(await askIn(isolate, "/api/v2/cart", tokens)).toBe(401);
        expect(await askIn(isolate, "/api/v2/auth/logout", tokens, "POST")).toBe(401);
        clock.mockRestore();
      }
      expect((await refresh(tokens.refreshToken)).status).toBe(401);
    },
  );

  it("16 · leaves the owner's next sign-in alone", async () => {
    const tokens = await signedIn();
    const answered = await as<{ effectiveBy: string }>(tokens, "POST", "/api/v2/auth/logout-all");
    expect(Date.parse(answered.body.effectiveBy)).toBeLessThanOrEqual(Date.now() + EDGE_MAX_AGE_MS);
    const again = await logIn(tokens);
    expect(await askIn(anotherIsolate(), "/api/v2/cart", again.body)).toBe(200);
    expect((await refresh(again.body.refreshToken)).status).toBe(200);
  });

  it("16 · of an account that was disabled and enabled again stays over; the owner signs in anew", async () => {
    const tokens = await signedIn();
    await call("POST", `/ops/v1/users/${tokens.id}/disable`);
    expect((await logIn(tokens)).status).toBe(401);
    expect(await call("GET", `/ops/v1/users?email=${tokens.email.toUpperCase()}`)).toMatchObject({
      status: 200,
      body: { id: tokens.id, status: "disabled" },
    });
    expect(await call("POST", `/ops/v1/users/${tokens.id}/enable`)).toMatchObject({
      status: 200,
      body: { status: "active" },
    });
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    expect(await askIn(anotherIsolate(), "/api/v2/cart", tokens)).toBe(401);
    const again = await logIn(tokens);
    expect(await askIn(anotherIsolate(), "/api/v2/cart", again.body)).toBe(200);
  });
});

describe("with the feed away", () => {
  it("17 · routes that depend on who asks are closed, and browsing goes on", async () => {
    const tokens = await signedIn();
    const blind = anotherIsolate(() => true);
    expect(await askIn(blind, "/api/v2/cart", tokens)).toBe(503);
    expect(await askIn(blind, "/api/v2/order", tokens)).toBe(503);
    for (const path of ["auth/logout", "auth/logout-all", "validatecheckout", "cart/lines"]) {
      expect(await askIn(blind, `/api/v2/${path}`, tokens, "POST"), path).toBe(503);
    }
    for (const path of ["products", "categories", "search?q=lamp"]) {
      expect([200, 404], path).toContain(await askIn(blind, `/api/v2/${path}`, tokens));
    }
    // Who sends no token is nobody whose token could have been revoked.
    const guest = new Request("http://shop.test/api/v2/cart");
    expect((await api.fetch(guest, blind, createExecutionContext())).status).toBe(200);
  });

  it("17 · a session ends in the database at once, and everywhere once the feed is back", async () => {
    const tokens = await signedIn();
    let isAway = false;
    const isolate = anotherIsolate(() => isAway);
    expect(await askIn(isolate, "/api/v2/cart", tokens)).toBe(200);
    isAway = true;
    expect(await askIn(isolate, "/api/v2/auth/logout", tokens, "POST")).toBe(200);
    expect((await refresh(tokens.refreshToken)).status).toBe(401);
    expect(await askIn(anotherIsolate(), "/api/v2/cart", tokens)).toBe(200);
    const { id } = await sessionOf(tokens);
    await ioAt().sql.update(sessions).set({ revokeDueMs: 1 }).where(eq(sessions.id, id));
    expect((await sweepRevocations(ioAt(), env)).swept).toBeGreaterThanOrEqual(1);
    expect(await askIn(anotherIsolate(), "/api/v2/cart", tokens)).toBe(401);
    expect((await sessionOf(tokens)).revokeDueMs).toBeNull();
  });
});

describe("an account of its own", () => {
  it("18 · has a new session for each sign-in", async () => {
    const account = await newAccount();
    const [one, two] = [await logIn(account), await logIn(account)];
    expect(sidOf(one.body)).not.toBe(sidOf(two.body));
    await as(one.body, "POST", "/api/v2/auth/logout", {});
    expect((await refresh(two.body.refreshToken)).status).toBe(200);
  });
});
