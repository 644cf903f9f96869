import { describe, it, vi } from "vitest";
import { createClient, type StoredSession } from "../src/client.ts";

const unauthorized = { type: "/problems/unauthorized", title: "", status: 401, requestId: "r" };
const refusedSignIn = { ...unauthorized, type: "/problems/sign-in-refused" };

/** A shop whose access tokens are good once it has given them, until they are revoked. */
function shop(options: Partial<Parameters<typeof createClient>[0]> = {}) {
  const asked: Request[] = [];
  const good = new Set<string>();
  let issued = 0;
  let refreshToken = "";
  const issue = (expiresIn = 900) => {
    issued += 1;
    refreshToken = `r${issued}`;
    good.add(`a${issued}`);
    return { accessToken: `a${issued}`, refreshToken, expiresIn };
  };
  /** Answers that stand in for the usual one, by path. */
  const instead = new Map<string, () => [number, unknown] | Promise<never>>();
  const answer = async (request: Request, path: string): Promise<[number, unknown]> => {
    const other = instead.get(path);
    if (other) return other();
    if (path === "/auth/login") return [200, issue()];
    if (path === "/auth/refresh") {
      const sent = (await request.clone().json()) as { refreshToken: string };
      return sent.refreshToken === refreshToken ? [200, issue()] : [401, unauthorized];
    }
    const bearer = request.headers.get("Authorization")?.slice("Bearer ".length);
    if (bearer !== undefined && !good.has(bearer)) return [401, unauthorized];
    return [200, { path }];
  };
  const fetch = async (request: Request) => {
    asked.push(request);
    const [status, body] = await answer(request, pathOf(request));
    const type = status < 400 ? "application/json" : "application/problem+json";
    return new Response(JSON.stringify(body), { status, headers: { "Content-Type": type } });
  };
  const client = createClient({ baseUrl: "http://shop.test", fetch, ...options });
  const signIn = () => client.auth.signIn({ email: "ada@example.com", password: "secret words" });
  const to = (path: string) => asked.filter((request) => pathOf(request) === path);
  return { client, asked, instead, signIn, to, revoke: () => good.clear() };
}
const pathOf = ({ url }: Request) => new URL(url).pathname.replace("/api/v2", "");
const bearerOf = ({ headers }: Request) => headers.get("Authorization");

describe("the client's session", () => {
  it("sends the token where it is read, and to no public page", async ({ expect }) => {
    const { client, asked, signIn } = shop();
    expect(client.isSignedIn()).toBe(false);
    expect(await signIn()).toEqual({ status: "signed-in", cart: undefined });
    expect(client.isSignedIn()).toBe(true);
    await client.me.get();
    await client.cart.get();
    await client.orders.list();
    await client.products.list();
    await client.content.page("home");
    await client.auth.forgotPassword("ada@example.com");
    const sent = asked.map((request) => [pathOf(request), bearerOf(request)]);
    expect(sent).toEqual([
      ["/auth/login", null],
      ["/me", "Bearer a1"],
      ["/cart", "Bearer a1"],
      ["/order", "Bearer a1"],
      ["/products", null],
      ["/content/pages/home", null],
      ["/auth/password/forgot", null],
    ]);
  });

  it("exchanges a token that was refused once, for all calls that run, and repeats each once", async ({
    expect,
  }) => {
    const { client, signIn, to, revoke } = shop();
    await signIn();
    revoke();
    const name = { name: "Ada" };
    const calls = [client.me.get(), client.cart.get(), client.me.update(name), client.me.get()];
    expect(await Promise.all(calls)).toHaveLength(4);
    expect(to("/auth/refresh")).toHaveLength(1);
    const [first, again] = to("/me").filter(({ method }) => method === "PATCH");
    expect([bearerOf(first!), bearerOf(again!)]).toEqual(["Bearer a1", "Bearer a2"]);
    // The same request: it may have taken effect the first time.
    const keyOf = (request?: Request) => request?.headers.get("Idempotency-Key");
    expect(keyOf(again)).toBe(keyOf(first));
    expect(await again!.json()).toEqual(name);
  });

  it("never goes round in a circle", async ({ expect }) => {
    const { client, asked, instead, signIn } = shop();
    await signIn();
    instead.set("/me", () => [401, unauthorized]);
    await expect(client.me.get()).rejects.toMatchObject({ slug: "unauthorized" });
    expect(asked.map(pathOf)).toEqual(["/auth/login", "/me", "/auth/refresh", "/me"]);
    expect(client.isSignedIn()).toBe(true);
  });

  it("ends when the exchange is refused, and is not asked for again", async ({ expect }) => {
    const { client, asked, instead, signIn, revoke } = shop();
    await signIn();
    revoke();
    instead.set("/auth/refresh", () => [401, unauthorized]);
    await expect(client.me.get()).rejects.toMatchObject({ slug: "unauthorized" });
    expect(client.isSignedIn()).toBe(false);
    await client.cart.get();
    expect(bearerOf(asked.at(-1)!)).toBeNull();
    expect(asked.map(pathOf)).toEqual(["/auth/login", "/me", "/auth/refresh", "/cart"]);
  });

  it.for([
    ["a shop that is down", () => [503, { ...unauthorized, type: "/problems/internal" }] as never],
    ["no network", () => Promise.reject(new TypeError("no network"))],
  ] as const)("survives %s", async ([, down], { expect }) => {
    const { client, instead, signIn, revoke } = shop();
    await signIn();
    revoke();
    instead.set("/auth/refresh", down);
    await expect(client.me.get()).rejects.toMatchObject({ slug: "unauthorized" });
    expect(client.isSignedIn()).toBe(true);
    instead.clear();
    expect(await client.me.get()).toEqual({ path: "/me" });
  });

  it("takes a wrong password for what it is", async ({ expect }) => {
    const { client, asked, instead, signIn } = shop();
    await signIn();
    instead.set("/auth/password/change", () => [401, refusedSignIn]);
    const change = { currentPassword: "wrong", newPassword: "another good one" };
    await expect(client.auth.changePassword(change)).rejects.toMatchObject({
      slug: "sign-in-refused",
    });
    expect(asked.map(pathOf)).toEqual(["/auth/login", "/auth/password/change"]);
  });

  it("exchanges a token that is about to end before it is used", async ({ expect }) => {
    vi.useFakeTimers({ now: 0, toFake: ["Date"] });
    const { client, asked, signIn } = shop();
    await signIn();
    vi.setSystemTime(890_000);
    await client.me.get();
    vi.setSystemTime(896_000);
    await Promise.all([client.me.get(), client.cart.get()]);
    vi.useRealTimers();
    const sent = asked.map((request) => [pathOf(request), bearerOf(request)]);
    expect(sent.slice(1)).toEqual([
      ["/me", "Bearer a1"],
      ["/auth/refresh", null],
      ["/me", "Bearer a2"],
      ["/cart", "Bearer a2"],
    ]);
  });

  it("is kept where the page likes, and shared with other tabs", async ({ expect }) => {
    let kept: StoredSession | undefined;
    const session = {
      get: () => kept,
      set: (next?: StoredSession) => {
        kept = next;
      },
    };
    const { client, signIn, to, revoke, instead } = shop({ session });
    await signIn();
    expect(kept).toMatchObject({ accessToken: "a1", refreshToken: "r1" });
    revoke();
    // Another tab is faster: its exchange makes this tab's refresh token an old one.
    instead.set("/auth/refresh", () => {
      kept = { accessToken: "other", refreshToken: "r9", expiresAtMs: Date.now() + 900_000 };
      return [401, unauthorized];
    });
    await client.me.get().catch(() => {});
    expect(to("/me").map(bearerOf)).toEqual(["Bearer a1", "Bearer other"]);
    expect(kept).toMatchObject({ refreshToken: "r9" });
  });

  it("is over on this device once somebody signs out, even without a network", async ({
    expect,
  }) => {
    const { client, instead, signIn } = shop();
    await signIn();
    instead.set("/auth/logout", () => Promise.reject(new TypeError("no network")));
    await expect(client.auth.signOut()).rejects.toThrow("no network");
    expect(client.isSignedIn()).toBe(false);
  });
});

describe("signing in", () => {
  const cart = { id: "crt_1", lines: [] };

  it("takes the guest's cart along and forgets its token", async ({ expect }) => {
    const { client, asked, instead, signIn, to } = shop({ cartToken: "guest" });
    instead.set("/cart/merge", () => [200, cart]);
    expect(await signIn()).toEqual({ status: "signed-in", cart });
    expect(await to("/cart/merge")[0]!.json()).toEqual({ cartToken: "guest" });
    expect(client.cartToken()).toBeUndefined();
    await client.cart.get();
    expect(asked.at(-1)!.headers.get("Cart-Token")).toBeNull();
  });

  it("does not mind a cart that is gone", async ({ expect }) => {
    const { client, instead, signIn } = shop({ cartToken: "old" });
    instead.set("/cart/merge", () => [404, { ...unauthorized, type: "/problems/not-found" }]);
    expect(await signIn()).toEqual({ status: "signed-in", cart: undefined });
    expect(client.cartToken()).toBeUndefined();
  });

  it("says why a cart did not come along, and keeps it", async ({ expect }) => {
    const { client, instead, signIn } = shop({ cartToken: "full" });
    instead.set("/cart/merge", () => [409, { ...unauthorized, type: "/problems/cart-limit" }]);
    expect(await signIn()).toMatchObject({
      status: "signed-in",
      cartRefusal: { slug: "cart-limit" },
    });
    expect([client.cartToken(), client.isSignedIn()]).toEqual(["full", true]);
  });

  it("asks for the second factor, and goes on after it", async ({ expect }) => {
    const { client, instead, signIn } = shop({ cartToken: "guest" });
    const needed = { twoFactorToken: "t", expiresIn: 300, methods: ["totp"] };
    instead.set("/auth/login", () => [200, needed]);
    expect(await signIn()).toEqual({ status: "second-factor", ...needed });
    expect(client.isSignedIn()).toBe(false);
    const tokens = { accessToken: "a1", refreshToken: "r1", expiresIn: 900 };
    instead.set("/auth/2fa/verify", () => [200, tokens]);
    instead.set("/cart/merge", () => [200, cart]);
    const code = { twoFactorToken: "t", code: "123456" };
    expect(await client.auth.verifySecondFactor(code)).toEqual({ status: "signed-in", cart });
    expect(client.isSignedIn()).toBe(true);
  });
});
