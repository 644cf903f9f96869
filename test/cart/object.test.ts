import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { cartForCheckout, clearBought, replaceCheckout } from "../../src/cart/index.ts";
import type { CartOwner } from "../../src/cart/model.ts";
import { cartStub } from "../../src/cart/stub.ts";
import { CheckoutId, newId } from "../../src/shared/ids.ts";
import { testIo } from "../inventory/shop.ts";
import { A, adding, alarmAtMs, B, changing, fact, guest, signedIn, touchedAgo } from "./changes.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

const keyed = (key: string, fingerprint = "same") => ({ idempotency: { key, fingerprint } });
const quantities = async (owner: CartOwner) =>
  (await cartStub(env, owner).view())?.lines.map(({ sku, quantity }) => [sku, quantity]);

describe("CartObject.change", () => {
  it("sums 30 racing additions of one SKU on one line", async () => {
    const owner = guest();
    await Promise.all(Array.from({ length: 30 }, () => cartStub(env, owner).change(adding(A, 1))));
    expect(await quantities(owner)).toEqual([["A", 30]]);
    expect(await cartStub(env, owner).view()).toMatchObject({ version: 30 });
  });

  it("adds once for one key, and keeps the answer through an eviction", async () => {
    const owner = guest();
    const copies = Array.from({ length: 10 }, () =>
      cartStub(env, owner).change(adding(A, 2, keyed("k"))),
    );
    const replies = await Promise.all(copies);
    expect(replies.filter(({ kind }) => kind === "changed")).toHaveLength(1);
    expect(replies.filter(({ kind }) => kind === "replay")).toHaveLength(9);
    await evictDurableObject(cartStub(env, owner));
    const late = await cartStub(env, owner).change(adding(A, 2, keyed("k")));
    const answers = [...replies, late].map((reply) => ("answer" in reply ? reply.answer.body : ""));
    expect(new Set(answers).size).toBe(1);
    expect(await quantities(owner)).toEqual([["A", 2]]);
  });

  it("refuses a key that another request has used", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 2, keyed("k", "one")));
    const other = await cartStub(env, owner).change(adding(A, 3, keyed("k", "two")));
    expect(other).toEqual({ kind: "conflict" });
  });

  it("keeps a refusal for the key too", async () => {
    const owner = guest();
    const first = await cartStub(env, owner).change(adding(A, 51, keyed("k")));
    expect(first).toMatchObject({ kind: "refused", error: { code: "insufficient_stock" } });
    const facts = [{ ...fact(A), available: 99 }];
    const again = await cartStub(env, owner).change(adding(A, 51, { ...keyed("k"), facts }));
    expect(again).toMatchObject({ kind: "replay", answer: { status: 409 } });
  });

  it("changes nothing and gives the key back when a line's facts are missing", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 1));
    const blind = adding(B, 1, { ...keyed("k"), facts: [fact(B)] });
    expect(await cartStub(env, owner).change(blind)).toEqual({
      kind: "needs_facts",
      of: { skus: ["A"], coupons: [], vouchers: [] },
    });
    expect(await quantities(owner)).toEqual([["A", 1]]);
    const seeing = await cartStub(env, owner).change(adding(B, 1, keyed("k")));
    expect(seeing).toMatchObject({ kind: "changed", holds: { skus: ["A", "B"] } });
  });

  it("stores nothing for a cart that was never made", async () => {
    const stub = cartStub(env, guest());
    expect(await stub.view()).toBeUndefined();
    expect(await stub.change(adding(A, 1, { create: false }))).toEqual({
      kind: "refused",
      error: { code: "cart_unknown" },
    });
    expect(await stub.openCheckout()).toMatchObject({ error: { code: "cart_unknown" } });
    await stub.clearBought(newId(CheckoutId, "chk"), {
      lines: [{ sku: A, quantity: 1 }],
      coupons: [],
      vouchers: [],
    });
    await runInDurableObject(stub, async (_, state) => {
      const tables = state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'cart'");
      expect(tables.toArray()).toEqual([]);
      expect(await state.storage.getAlarm()).toBeNull();
    });
  });
});

describe("a cart's expiry", () => {
  const touchedDaysAgo = (owner: CartOwner, days: number) => touchedAgo(owner, days * DAY_MS);

  it("comes after seven idle days, and the object is as if it never was", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 1));
    await touchedDaysAgo(owner, 8);
    expect(await runDurableObjectAlarm(cartStub(env, owner))).toBe(true);
    expect(await cartStub(env, owner).view()).toBeUndefined();
    const again = await cartStub(env, owner).change(adding(B, 1));
    expect(again).toMatchObject({ kind: "changed", holds: { skus: ["B"] } });
  });

  it("waits for a cart that was used since the alarm was set", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 1));
    await touchedDaysAgo(owner, 5);
    await runDurableObjectAlarm(cartStub(env, owner));
    expect(await quantities(owner)).toEqual([["A", 1]]);
    const dueMs = await alarmAtMs(owner);
    expect(Math.round((dueMs! - Date.now()) / DAY_MS)).toBe(2);
  });

  it("is put off by looking at the cart, for one write a day", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 1));
    await touchedDaysAgo(owner, 6);
    await cartStub(env, owner).view();
    await runDurableObjectAlarm(cartStub(env, owner));
    expect(await quantities(owner)).toEqual([["A", 1]]);
  });

  it("takes thirty days for a signed-in shopper", async () => {
    const owner = signedIn();
    await cartStub(env, owner).change(adding(A, 1));
    await touchedDaysAgo(owner, 29);
    await runDurableObjectAlarm(cartStub(env, owner));
    expect(await quantities(owner)).toEqual([["A", 1]]);
  });

  it("also removes what only ever kept a refusal", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 51, keyed("k")));
    vi.useFakeTimers({ now: Date.now() + 8 * DAY_MS, toFake: ["Date"] });
    await runDurableObjectAlarm(cartStub(env, owner));
    vi.useRealTimers();
    await runInDurableObject(cartStub(env, owner), (_, state) => {
      const tables = state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'cart'");
      expect(tables.toArray()).toEqual([]);
    });
  });
});

describe("a cart in a checkout", () => {
  async function checkoutOf(owner: CartOwner) {
    const opened = await cartForCheckout(testIo(), env, owner);
    if (!opened.ok) throw new Error(opened.error.code);
    return opened.value;
  }

  it("has one open checkout however often it is asked for", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 2));
    const opened = await Promise.all(Array.from({ length: 5 }, () => checkoutOf(owner)));
    expect(new Set(opened.map(({ checkoutId }) => checkoutId)).size).toBe(1);
    expect(opened[0]).toMatchObject({ lines: [{ sku: "A", quantity: 2 }], version: 1 });
  });

  it("cannot begin when the cart is empty", async () => {
    const owner = guest();
    await cartStub(env, owner).change(changing({ kind: "mode", mode: "split", postalCode: null }));
    const refused = { ok: false, error: { code: "cart_empty" } };
    expect(await cartForCheckout(testIo(), env, owner)).toEqual(refused);
  });

  it("45 · loses what was bought, once, and keeps what was added while the payment ran", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 2));
    const { checkoutId, lines } = await checkoutOf(owner);
    await cartStub(env, owner).change(adding(A, 3));
    await cartStub(env, owner).change(adding(B, 1));
    for (let n = 0; n < 2; n += 1) {
      await clearBought(testIo(), env, owner, checkoutId, { lines, coupons: [], vouchers: [] });
      expect(await quantities(owner)).toEqual([
        ["A", 3],
        ["B", 1],
      ]);
    }
    expect((await checkoutOf(owner)).checkoutId).not.toBe(checkoutId);
  });

  it("gets a new id after a cancellation, but not for one that came too late", async () => {
    const owner = guest();
    await cartStub(env, owner).change(adding(A, 2));
    const first = await checkoutOf(owner);
    await replaceCheckout(testIo(), env, owner, first.checkoutId);
    const second = await checkoutOf(owner);
    expect(second.checkoutId).not.toBe(first.checkoutId);
    await replaceCheckout(testIo(), env, owner, first.checkoutId);
    expect((await checkoutOf(owner)).checkoutId).toBe(second.checkoutId);
  });
});
