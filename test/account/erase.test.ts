import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it, vi } from "vitest";
import { eraseAccount, sweepErasures } from "../../src/account/erase-account.ts";
import type { AccountExport } from "../../src/account/export-account.ts";
import { addresses, erasures, profiles } from "../../src/account/schema.ts";
import { cartStub } from "../../src/cart/stub.ts";
import { users } from "../../src/identity/schema.ts";
import { eraseOrder } from "../../src/orders/erase-order.ts";
import { type OrderView, publishOrderEvents } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { orders } from "../../src/orders/schema.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import { readEvents } from "../../src/orders/store.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { captured } from "../orders/placed-order.ts";
import { ioAt, orderNow, placed, recordingQueues } from "../orders/world.ts";
import { as, logIn, newAccount, signedIn } from "../support/account.ts";
import { signedInShopper } from "../support/signed-in.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

type Account = Awaited<ReturnType<typeof signedIn>>;
const DAY_MS = 24 * 60 * 60 * 1000;
const ME = "/api/v2/me";
const { queues } = recordingQueues();
const erasing = { ...env, ...queues };
const publish = (...ids: OrderId[]) => publishOrderEvents(ioAt(), queues, ids);

/** A shipped order, or one that is still to be sent. */
async function orderOf(placing: Parameters<typeof placed>[0], isShipped: boolean) {
  const { orderId, body } = await placed(placing);
  const fact = captured(body.totals.total.amount);
  await recordFact(ioAt(), { orderId, actor: "test", fact });
  const actor = { kind: "staff", id: "test" } as const;
  const parcel = { carrier: "Post", tracking: "1" };
  const shipping = { orderId, actor, lines: undefined, parcel, request: "ship" };
  if (isShipped) await shipOrder(ioAt(), shipping);
  await publish(orderId);
  return orderId;
}

/** Somebody of whom something is kept in every place. */
async function known() {
  const account = await signedIn();
  await as(account, "PATCH", ME, { name: "Ada Lovelace", phone: "+44 20 7946 0000" });
  await as(account, "POST", `${ME}/addresses`, ADDRESS);
  const sku = ownSku();
  await sell({ sku });
  await as(account, "POST", "/api/v2/cart/lines", { sku, quantity: 2 });
  const cartOwner = `user:${account.id}`;
  const { email } = account;
  const sent = await orderOf({ cartOwner, email }, true);
  const unsent = await orderOf({ cartOwner, email }, false);
  const asGuest = await orderOf({ email }, true);
  return { ...account, sku, sent, unsent, asGuest };
}

/** The places that may still say something of them. */
async function tracesOf({ id }: Pick<Account, "id">) {
  const { sql } = ioAt();
  const [user] = await sql.select().from(users).where(eq(users.id, id));
  return {
    email: user?.email,
    profiles: await sql.select().from(profiles).where(eq(profiles.userId, id)),
    addresses: await sql.select().from(addresses).where(eq(addresses.userId, id)),
    cart: await cartStub(env, { kind: "user", userId: id }).view(),
  };
}
const erasureOf = async ({ id }: Pick<Account, "id">) =>
  (await ioAt().sql.select().from(erasures).where(eq(erasures.userId, id)))[0];
const gone = ({ id }: Pick<Account, "id">) => ({
  email: `${id}@account.invalid`,
  profiles: [],
  addresses: [],
  cart: undefined,
});
/** The sweep of a moment, as the operations Worker runs it each minute. */
const sweepAt = (atMs: number) => sweepErasures(ioAt(atMs), erasing);

describe("GET /me/export", () => {
  it("is all that is kept of a shopper, and nobody else's", async ({ expect }) => {
    const [account, other] = [await known(), await known()];
    const claimed = await as<{ claimed: string[] }>(account, "POST", `${ME}/orders/claim`);
    expect(claimed.body).toEqual({ claimed: [account.asGuest], more: false });
    const { body, headers } = await as<AccountExport>(account, "GET", `${ME}/export`);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(body).toMatchObject({
      profile: { id: account.id, email: account.email, name: "Ada Lovelace" },
      addresses: [ADDRESS],
      sessions: [{ methods: ["password"] }],
      signIn: { passwordChangedAt: expect.any(String), passkeys: [], providers: [] },
      cart: { lines: [{ sku: account.sku, quantity: 2 }] },
      ordersComplete: true,
    });
    const ids = body.orders.map(({ id }) => id).sort();
    expect(ids).toEqual([account.sent, account.unsent, account.asGuest].sort());
    expect(body.heldByOthers.length).toBeGreaterThan(0);
    const text = JSON.stringify(body);
    for (const theirs of [other.id, other.email, other.sku]) expect(text).not.toContain(theirs);
    expect(text).not.toMatch(/scrypt|passwordHash|tokenHash/);
  });
});

describe("DELETE /me", () => {
  it("forgets at once what can be, and the rest by itself as it is over", async ({ expect }) => {
    const account = await known();
    const erased = await as<{ ordersKept: number }>(account, "DELETE", ME);
    expect([erased.status, erased.body]).toEqual([200, { erased: true, ordersKept: 3 }]);
    expect(await tracesOf(account)).toEqual(gone(account));
    expect((await logIn(account)).status).toBe(401);
    const { refreshToken } = account;
    const refreshed = await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } });
    expect(refreshed.status).toBe(401);
    await vi.waitFor(async () => {
      const { status } = await as(account, "GET", ME);
      if (status !== 401) throw new Error("the token still opens");
    });
    // Its address is free for a new account.
    await newAccount(account.email);

    const LATER_MS = Date.now() + 31 * DAY_MS;
    await sweepAt(LATER_MS);
    await publish(account.sent, account.unsent, account.asGuest);
    for (const orderId of [account.sent, account.asGuest]) {
      expect((await orderNow(orderId)).isErased).toBe(true);
      const kept = JSON.stringify(await readEvents(ioAt().sql, orderId));
      for (const word of ["Ada", "Analytical", account.email, account.id]) {
        expect(kept).not.toContain(word);
      }
    }
    // Goods are still to be sent to them.
    expect((await orderNow(account.unsent)).isErased).toBe(false);
    expect(await erasureOf(account)).toMatchObject({ endedAtMs: null });

    const actor = { kind: "staff", id: "test" } as const;
    const parcel = { carrier: "Post", tracking: "1" };
    const orderId = account.unsent;
    await shipOrder(ioAt(), { orderId, actor, lines: undefined, parcel, request: "ship" });
    await publish(orderId);
    await sweepAt(LATER_MS + 2 * DAY_MS);
    expect((await orderNow(orderId)).isErased).toBe(true);
    await publish(orderId);
    await sweepAt(LATER_MS + 4 * DAY_MS);
    expect(await erasureOf(account)).toMatchObject({ dueAtMs: null });
    expect((await erasureOf(account))?.endedAtMs).toBeGreaterThan(0);
  });

  it("is brought to its end by the sweep where it was cut off, at every place", async ({
    expect,
  }) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    // Each time another statement is the last one that gets through.
    for (const survived of [1, 2, 3, 5, 8, 12, 16]) {
      const account = await signedIn();
      await as(account, "PATCH", ME, { name: "Ada Lovelace" });
      await as(account, "POST", `${ME}/addresses`, ADDRESS);
      let left = survived;
      const io = ioAt();
      const dying = new Proxy(io.sql, {
        get: (sql, name) => {
          left -= 1;
          if (left < 0) throw new Error("died");
          return Reflect.get(sql, name);
        },
      });
      const dead = { ...io, config: io.config, sql: dying };
      await eraseAccount(dead as typeof io, erasing, account.id).catch(() => {});
      if (!(await erasureOf(account))) continue;
      await sweepAt(Date.now() + 6 * 60_000);
      expect(await tracesOf(account), `after ${survived} statements`).toEqual(gone(account));
      expect((await erasureOf(account))?.endedAtMs, String(survived)).toBeGreaterThan(0);
    }
    logged.mockRestore();
  });

  it("brings an order to its end whose erasure died half-way", async ({ expect }) => {
    const account = await signedIn();
    const { id: ownerId, email } = account;
    const orderId = await orderOf({ cartOwner: `user:${ownerId}`, email }, true);
    const laterMs = Date.now() + 31 * DAY_MS;
    const io = ioAt(laterMs);
    let isDead = false;
    const dying = new Proxy(io.sql, {
      get: (sql, name) => {
        if (isDead) throw new Error("died");
        // The first event is rewritten, and nothing comes after that.
        isDead = name === "update";
        return Reflect.get(sql, name).bind(sql);
      },
    });
    const dead = { sql: dying, clock: io.clock, trace: io.trace };
    await expect(eraseOrder(dead, { orderId, ownerId })).rejects.toThrow("died");
    expect(await orderNow(orderId)).toMatchObject({ isErased: false, ownerId: "erased" });

    await eraseAccount(ioAt(), erasing, ownerId);
    await sweepAt(laterMs);
    expect((await orderNow(orderId)).isErased).toBe(true);
    await publish(orderId);
    const [row] = await ioAt().sql.select().from(orders).where(eq(orders.orderId, orderId));
    expect(JSON.stringify(row)).not.toContain(email);
    expect((await erasureOf(account))?.endedAtMs).toBeGreaterThan(0);
  });

  it("forgets what a request wrote that was let in a moment before", async ({ expect }) => {
    const account = await signedIn();
    await eraseAccount(ioAt(), erasing, account.id);
    const late = { userId: account.id, name: "Ada", updatedAtMs: 1 };
    await ioAt().sql.insert(profiles).values(late);
    await sweepAt(Date.now() + 6 * 60_000);
    expect(await tracesOf(account)).toEqual(gone(account));
  });

  it("asks for a proof that is not old", async ({ expect }) => {
    const account = await signedIn();
    const tenMinutesAgo = Math.floor(Date.now() / 1000) - 601;
    const old = await signedInShopper(account.id, { auth_time: tenMinutesAgo });
    const refused = await call<OrderView & { type: string }>("DELETE", ME, old);
    expect(refused.body.type).toBe("/problems/step-up-required");
    expect((await call("GET", `${ME}/export`, old)).status).toBe(refused.status);
    expect((await as(account, "GET", ME)).status).toBe(200);
  });
});
