import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { cancelOrder } from "../../src/orders/cancel-order.ts";
import { claimOrders } from "../../src/orders/claim-orders.ts";
import { ERASABLE_AFTER_MS, eraseOrder } from "../../src/orders/erase-order.ts";
import { ERASED_EMAIL } from "../../src/orders/erased-event.ts";
import { type OrderView, orderToken, publishOrderEvents } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { requestReturn } from "../../src/orders/request-return.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import { readEvents } from "../../src/orders/store.ts";
import { newId, type OrderId, randomSuffix, UserId } from "../../src/shared/ids.ts";
import { signedInShopper } from "../support/signed-in.ts";
import { call } from "../support/worker-shop.ts";
import { captured, voided } from "./placed-order.ts";
import { ioAt, orderNow, placed, recordingQueues } from "./world.ts";

const { queues } = recordingQueues();
const ownEmail = () => `ada-${randomSuffix()}@example.com`;
const newUser = () => newId(UserId, "usr");
const list = (ids: OrderId[]) => publishOrderEvents(ioAt(), queues, ids);

type List = { items: OrderView[]; nextCursor: string | null };
const listed = async (headers: Record<string, string>, query = "") =>
  (await call<List>("GET", `/api/v2/order${query}`, { headers })).body;

describe("an account's orders", () => {
  it("are listed newest first, page by page, and nobody else's with them", async ({ expect }) => {
    const { userId, headers } = await signedInShopper();
    const cartOwner = `user:${userId}`;
    const atMs = Date.UTC(2026, 5, 1);
    const ids: OrderId[] = [];
    // Two of the same moment: the page ends between them.
    for (const minute of [0, 1, 1, 2, 3]) {
      const { orderId } = await placed({ cartOwner, occurredAtMs: atMs + minute * 60_000 });
      ids.push(orderId);
    }
    const { orderId: strangers } = await placed({ cartOwner: `user:${newUser()}` });
    await list([...ids, strangers]);

    const pages: List[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: List = await listed(headers, `?limit=2${cursor && `&cursor=${cursor}`}`);
      pages.push(page);
      cursor = page.nextCursor;
    }
    const shown = pages.flatMap(({ items }) => items);
    expect(pages.map(({ items }) => items.length)).toEqual([2, 2, 1]);
    expect(shown.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const moments = shown.map(({ createdAt }) => createdAt);
    expect(moments).toEqual([...moments].sort().reverse());
    expect((await listed((await signedInShopper()).headers)).items).toEqual([]);
  });

  it.for(["nonsense", btoa("events:1"), btoa("orders:x:ord_1")])(
    "refuse %s as a cursor",
    async (cursor, { expect }) => {
      const { headers } = await signedInShopper();
      const path = `/api/v2/order?cursor=${encodeURIComponent(cursor)}`;
      expect((await call("GET", path, { headers })).status).toBe(422);
    },
  );

  it("open to their owner in one round trip, before any list knows them", async ({ expect }) => {
    const { userId, headers } = await signedInShopper();
    const { orderId } = await placed({ cartOwner: `user:${userId}` });
    const order = await call<OrderView>("GET", `/api/v2/order/${orderId}`, { headers });
    expect(order.body).toMatchObject({ id: orderId, status: "placed" });
    expect(order.headers.get("X-Round-Trips")).toBe("1");
    expect(JSON.stringify(order.body)).not.toContain(userId);
    const events = await call<{ items: unknown[] }>("GET", `/api/v2/order/${orderId}/events`, {
      headers,
    });
    expect(events.body.items).toHaveLength(1);
    expect((await call("GET", `/api/v1/orders/${orderId}`, { headers })).status).toBe(200);
  });

  it("are cancelled and sent back by their owner, with keys of their own", async ({ expect }) => {
    const [owner, stranger] = [await signedInShopper(), await signedInShopper()];
    const { orderId, body } = await placed({ cartOwner: `user:${owner.userId}` });
    const fact = captured(body.totals.total.amount);
    await recordFact(ioAt(), { orderId, actor: "test", fact });
    const send = (who: typeof owner, what: string, sent: unknown) =>
      call("POST", `/api/v2/order/${orderId}/${what}`, {
        body: sent,
        headers: { ...who.headers, "Idempotency-Key": `the-same-for-all-${what}` },
      });
    const goods = { lines: [{ lineId: "lin_1", quantity: 1 }] };
    const announced = await send(owner, "returns", goods);
    expect(announced.status).toBe(201);
    expect(await send(owner, "returns", goods)).toMatchObject({ body: announced.body });
    // The stranger guesses the key: neither the order nor the owner's kept answer is theirs.
    expect((await send(stranger, "returns", goods)).status).toBe(404);
    expect((await send(stranger, "cancel", {})).status).toBe(404);
    expect((await send(owner, "cancel", {})).status).toBe(200);
    expect(await orderNow(orderId)).toMatchObject({ status: "cancelled" });
  });
});

describe("orders of a guest", () => {
  it("come to whoever has proven their mail address, once", async ({ expect }) => {
    const email = ownEmail();
    const orders = [await placed({ email }), await placed({ email: email.toUpperCase() })];
    const ids = orders.map(({ orderId }) => orderId);
    await list(ids);
    const { userId, headers } = await signedInShopper();
    const claim = { userId, provenEmail: email };
    const results = await Promise.all([
      claimOrders(ioAt(), queues, claim),
      claimOrders(ioAt(), queues, claim),
    ]);
    expect(new Set(results.flatMap(({ claimed }) => claimed))).toEqual(new Set(ids));
    for (const orderId of ids) {
      const events = await readEvents(ioAt().sql, orderId);
      expect(events.map(({ type }) => type)).toEqual(["order.placed.v1", "order.claimed.v1"]);
    }
    expect((await listed(headers)).items.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(await claimOrders(ioAt(), queues, claim)).toEqual({ claimed: [], more: false });
    // The link in the guest's mail still opens it, and events say nothing of the account.
    const token = await orderToken(String(env.TOKEN_SECRET), ids[0]!);
    const events = await call("GET", `/api/v2/order/${ids[0]}/events`, {
      headers: { "Order-Token": token },
    });
    expect(JSON.stringify(events.body)).not.toContain(userId);
  });

  it("go to one of two accounts that claim them at once", async ({ expect }) => {
    const email = ownEmail();
    const { orderId } = await placed({ email });
    await list([orderId]);
    const users = [newUser(), newUser(), newUser()];
    const results = await Promise.all(
      users.map((userId) => claimOrders(ioAt(), queues, { userId, provenEmail: email })),
    );
    expect(results.filter(({ claimed }) => claimed.length > 0)).toHaveLength(1);
    const winner = users[results.findIndex(({ claimed }) => claimed.length > 0)];
    expect((await orderNow(orderId)).ownerId).toBe(winner);
  });

  it("do not come to an address that only looks alike, nor an account's to anybody", async ({
    expect,
  }) => {
    const id = randomSuffix();
    const theirs = await placed({ email: `jose-${id}@example.com` });
    const tagged = await placed({ email: `jose-${id}+x@example.com` });
    const signedIn = await placed({
      email: `josé-${id}@example.com`.replace("é", "e"),
      cartOwner: `user:${newUser()}`,
    });
    await list([theirs.orderId, tagged.orderId, signedIn.orderId]);
    const claim = (provenEmail: string) =>
      claimOrders(ioAt(), queues, { userId: newUser(), provenEmail });
    // To the database's collation these are equal.
    expect((await claim(`josé-${id}@example.com`)).claimed).toEqual([]);
    expect((await claim(`jose-${id}@example.com`)).claimed).toEqual([theirs.orderId]);
  });
});

describe("an order whose shopper wants to be forgotten", () => {
  const LATER_MS = Date.now() + ERASABLE_AFTER_MS + 60_000;
  const erase = (orderId: OrderId, ownerId: string, atMs = LATER_MS) =>
    eraseOrder(ioAt(atMs), { orderId, ownerId });

  /** Sent back in part with a word of the shopper's, after it was all shipped. */
  async function oldOrder() {
    const userId = newUser();
    const { orderId, body } = await placed({ cartOwner: `user:${userId}`, email: ownEmail() });
    const fact = captured(body.totals.total.amount);
    await recordFact(ioAt(), { orderId, actor: "test", fact });
    const actor = { kind: "shopper", id: "user" } as const;
    const parcel = { carrier: "Post", tracking: "1" };
    const ship = () =>
      shipOrder(ioAt(), { orderId, actor, lines: undefined, parcel, request: "ship" });
    return { userId, orderId, body, ship, actor };
  }

  it("says no more who bought, at no moment, and keeps what the books need", async ({ expect }) => {
    const { userId, orderId, body, ship } = await oldOrder();
    await ship();
    expect(await erase(orderId, userId, Date.now())).toMatchObject({ error: { code: "not_over" } });
    expect(await erase(orderId, newUser())).toMatchObject({ ok: false });
    const results = await Promise.all([erase(orderId, userId), erase(orderId, userId)]);
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);

    const kept = JSON.stringify(await readEvents(ioAt().sql, orderId));
    for (const gone of [userId, body.email, "Ada", "Analytical"]) expect(kept).not.toContain(gone);
    const state = await orderNow(orderId);
    expect(state).toMatchObject({ isErased: true, status: "fulfilled", version: 4 });
    expect(state.placed).toMatchObject({
      email: ERASED_EMAIL,
      totals: body.totals,
      lines: body.lines,
      shippingAddress: { city: "London", postalCode: "N1", country: "GB" },
    });
    // Nobody can claim it afterwards, by the address that it bears now either.
    await list([orderId]);
    const claim = { userId: newUser(), provenEmail: ERASED_EMAIL };
    expect((await claimOrders(ioAt(), queues, claim)).claimed).not.toContain(orderId);
  });

  it("is finished by a repeat where a crash left it half erased", async ({ expect }) => {
    const { userId, orderId, ship } = await oldOrder();
    await ship();
    // The last append never happens.
    const io = ioAt(LATER_MS);
    const dying = new Proxy(io.sql, {
      get: (sql, name) => {
        if (name === "insert") throw new Error("died");
        return Reflect.get(sql, name);
      },
    });
    await expect(eraseOrder({ ...io, sql: dying }, { orderId, ownerId: userId })).rejects.toThrow(
      "died",
    );
    expect((await orderNow(orderId)).isErased).toBe(false);
    expect(await erase(orderId, userId)).toMatchObject({ ok: true });
    expect((await orderNow(orderId)).isErased).toBe(true);
  });

  it("waits as long as goods or money are on their way", async ({ expect }) => {
    const { userId, orderId, ship, actor } = await oldOrder();
    expect(await erase(orderId, userId)).toMatchObject({ error: { code: "not_over" } });
    await ship();
    const lines = [{ lineId: "lin_1" as never, quantity: 1 }];
    const asked = { orderId, actor, lines, reason: "too small for Ada", request: "r1" };
    await requestReturn(ioAt(), asked);
    expect(await erase(orderId, userId)).toMatchObject({ error: { code: "not_over" } });

    const unpaid = newUser();
    const cancelled = await placed({ cartOwner: `user:${unpaid}` });
    const { orderId: other } = cancelled;
    await cancelOrder(ioAt(), { orderId: other, actor, reason: "Ada moved", request: "r2" });
    expect(await erase(other, unpaid)).toMatchObject({ error: { code: "not_over" } });
    await recordFact(ioAt(), { orderId: other, actor: "test", fact: voided });
    expect(await erase(other, unpaid)).toMatchObject({ ok: true });
    expect(JSON.stringify(await readEvents(ioAt().sql, other))).not.toContain("Ada");
  });
});
