import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq, inArray } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { api } from "../../src/api.ts";
import { sessions } from "../../src/identity/schema.ts";
import { refreshSession } from "../../src/identity/sessions/refresh-session.ts";
import { restoreRevocations } from "../../src/identity/sessions/restore-revocations.ts";
import { REVOCATION_KEPT_MS } from "../../src/identity/sessions/revocations.ts";
import { sweepRevocations } from "../../src/identity/sessions/tell-revocations.ts";
import { EDGE_MAX_AGE_MS } from "../../src/platform/edge/facts.ts";
import { edgeReader } from "../../src/platform/edge/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { newId, SessionId, UserId } from "../../src/shared/ids.ts";
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

describe("a session that ends", () => {
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

describe("a feed that lost its storage", () => {
  /** A feed of the test's own, and isolates of it. */
  function ownFeed() {
    const feed = env.EDGE_FEED.getByName(`test_${crypto.randomUUID()}`);
    const isolate = (vars: object = {}): Env => ({
      ...env,
      ...vars,
      EDGE_FEED: { getByName: () => feed } as unknown as Env["EDGE_FEED"],
    });
    const lose = async () => {
      await runInDurableObject(feed, (_object, state) => state.storage.deleteAll());
      await evictDurableObject(feed);
    };
    return { feed, isolate, lose };
  }
  const NOBODY = "http://127.0.0.1:9";
  const facts = async (feed: ReturnType<typeof ownFeed>["feed"]) =>
    (await feed.since(0)).facts.map(({ value }) => value);

  it("17 · lets nobody through who was signed out: closed until it was told again", async () => {
    const [one, all, honest] = [await signedIn(), await signedIn(), await signedIn()];
    const { feed, isolate, lose } = ownFeed();
    const old = isolate();
    expect(await askIn(old, "/api/v2/cart", one)).toBe(200);
    expect(await askIn(old, "/api/v2/auth/logout", one, "POST")).toBe(200);
    expect(await askIn(old, "/api/v2/auth/logout-all", all, "POST")).toBe(200);
    const said = [`session:${sidOf(one)}`, `user:${all.id}`];
    expect((await facts(feed)).filter((value) => said.includes(value))).toEqual(said);
    await lose();
    expect(await facts(feed)).toEqual([]);

    // Nobody can tell the feed: nothing is known of any token, so none opens what depends on it.
    const cutOff = isolate({ MYSQL_URL: NOBODY });
    for (const tokens of [one, all, honest]) {
      expect(await askIn(cutOff, "/api/v2/cart", tokens)).toBe(503);
      expect(await askIn(cutOff, "/api/v2/cart/lines", tokens, "POST")).toBe(503);
      expect([200, 404]).toContain(await askIn(cutOff, "/api/v2/products", tokens));
    }
    expect((await feed.since(0)).isWhole).toBe(false);

    // Whoever was at it died: after a while the next one tells the feed, and knows.
    const later = Date.now() + 5_000;
    const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
    expect(await askIn(old, "/api/v2/cart", honest)).toBe(200);
    for (const at of [old, isolate()]) {
      expect(await askIn(at, "/api/v2/cart", one)).toBe(401);
      expect(await askIn(at, "/api/v2/auth/logout", one, "POST")).toBe(401);
      expect(await askIn(at, "/api/v2/cart", all)).toBe(401);
      expect(await askIn(at, "/api/v2/cart", honest)).toBe(200);
    }
    expect(await facts(feed)).toContain(`session:${sidOf(one)}`);
    clock.mockRestore();
  });

  it.for(Object.entries(endings))("17 · learns of a session that ended %s", async ([, end]) => {
    const tokens = await signedIn();
    expect((await end(tokens)).status).toBe(200);
    // As little as it would know after a loss.
    const { isolate } = ownFeed();
    expect(await askIn(isolate(), "/api/v2/cart", tokens)).toBe(401);
  });

  it("17 · is told by the clock as well, all that may be alive, once, and by many at once", async () => {
    const { feed, isolate, lose } = ownFeed();
    await lose();
    const { sql, clock } = ioAt();
    const nowMs = clock.nowMs();
    const gone = Array.from({ length: 2_300 }, (_, index) => ({
      id: SessionId.parse(`ses_${crypto.randomUUID().replaceAll("-", "")}`),
      userId: newId(UserId, "usr"),
      epoch: 1,
      generation: 1,
      methods: [],
      authenticatedAtMs: nowMs,
      startedAtMs: nowMs,
      rotatedAtMs: nowMs,
      expiresAtMs: nowMs,
      // Many of one moment, as a page's end may fall among them; the last ones' tokens have ended.
      revokedAtMs: nowMs - (index < 2_200 ? Math.floor(index / 500) : REVOCATION_KEPT_MS + 60_000),
    }));
    await sql.insert(sessions).values(gone);
    const restored = await Promise.all(
      Array.from({ length: 4 }, () => restoreRevocations(ioAt(), isolate())),
    );
    expect(restored.filter(Boolean)).toHaveLength(1);
    const told = new Set(await facts(feed));
    const isTold = gone.map(({ id }) => told.has(`session:${id}`));
    expect(isTold).toEqual(gone.map((_, index) => index < 2_200));
    expect(await restoreRevocations(ioAt(), isolate())).toBe(false);
    await sql.delete(sessions).where(
      inArray(
        sessions.id,
        gone.map(({ id }) => id),
      ),
    );
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
