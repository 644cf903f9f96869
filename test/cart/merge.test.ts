import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { deliverMerge } from "../../src/cart/deliver-merge.ts";
import { cartForCheckout, clearBought } from "../../src/cart/index.ts";
import { mergeCart } from "../../src/cart/merge-cart.ts";
import { type CartOwner, LINES_MAX } from "../../src/cart/model.ts";
import type { BegunMerge } from "../../src/cart/object.ts";
import { cartStub } from "../../src/cart/stub.ts";
import { Sku } from "../../src/shared/ids.ts";
import { testIo } from "../inventory/shop.ts";
import { A, adding, B, fact, guest, signedIn } from "./changes.ts";

type Guest = CartOwner & { kind: "guest" };
type User = CartOwner & { kind: "user" };
const newGuest = () => guest() as Guest;
const newUser = () => signedIn() as User;

/** What a cart holds; `undefined` where nobody may look. */
const unitsOf = async (owner: CartOwner) => {
  const cart = await cartStub(env, owner).view();
  return cart && Object.fromEntries(cart.lines.map(({ sku, quantity }) => [sku, quantity]));
};
const add = (owner: CartOwner, sku: Sku, quantity: number) =>
  cartStub(env, owner).change(adding(sku, quantity));
const merge = (from: Guest, into: User) => mergeCart(testIo(), env, from, into);

async function begin(from: Guest, into: User) {
  const begun = await cartStub(env, from).beginMerge(into.userId);
  if (!begun.ok) throw new Error(begun.error.code);
  return begun.value as BegunMerge & { state: "moving" };
}

/** Makes the merge due that nobody has brought to its end, and lets the guest's object do it. */
async function letAlarmFinish(owner: Guest) {
  await runInDurableObject(cartStub(env, owner), (_, { storage: { sql } }) => {
    sql.exec("UPDATE merged SET due_at_ms = 1");
  });
  expect(await runDurableObjectAlarm(cartStub(env, owner))).toBe(true);
}

/** A guest with 2 A and 1 B, and a shopper with 3 A. */
async function twoCarts(): Promise<[Guest, User]> {
  const [from, into] = [newGuest(), newUser()];
  await add(from, A, 2);
  await add(from, B, 1);
  await add(into, A, 3);
  return [from, into];
}
const MERGED = { A: 5, B: 1 };

describe("a guest's cart that is merged into a shopper's", () => {
  it("is the shopper's afterwards, and nobody's under its token", async () => {
    const [from, into] = await twoCarts();
    expect(await merge(from, into)).toMatchObject({ ok: true });
    expect(await unitsOf(into)).toEqual(MERGED);
    expect(await unitsOf(from)).toBeUndefined();
    const late = await cartStub(env, from).change(adding(A, 1));
    expect(late).toMatchObject({ kind: "refused", error: { code: "cart_unknown" } });
    expect(await cartStub(env, from).openCheckout()).toMatchObject({ ok: false });
  });

  it("makes the shopper's cart, if there is none yet", async () => {
    const [from, into] = [newGuest(), newUser()];
    await add(from, A, 2);
    await merge(from, into);
    expect(await unitsOf(into)).toEqual({ A: 2 });
  });

  it("is merged once, however often and by how many requests it is asked for", async () => {
    const [from, into] = await twoCarts();
    const results = await Promise.all(Array.from({ length: 8 }, () => merge(from, into)));
    expect(results.map(({ ok }) => ok)).toEqual(Array.from({ length: 8 }, () => true));
    await evictDurableObject(cartStub(env, from));
    await merge(from, into);
    expect(await unitsOf(into)).toEqual(MERGED);
    expect(await cartStub(env, into).view()).toMatchObject({ version: 2 });
  });

  it("goes to exactly one of two shoppers who name it at once", async () => {
    const [from, first] = await twoCarts();
    const second = newUser();
    const results = await Promise.all([merge(from, first), merge(from, second)]);
    const [won, lost] = results[0].ok ? [first, second] : [second, first];
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
    expect(results.find(({ ok }) => !ok)).toEqual({ ok: false, error: { code: "cart_unknown" } });
    expect(await unitsOf(won)).toEqual(won === first ? MERGED : { A: 2, B: 1 });
    expect(await unitsOf(lost)).toEqual(lost === first ? { A: 3 } : undefined);
  });

  it("is unknown if there is no such cart, and makes none", async () => {
    const [from, into] = [newGuest(), newUser()];
    expect(await merge(from, into)).toEqual({ ok: false, error: { code: "cart_unknown" } });
    expect(await unitsOf(into)).toBeUndefined();
  });
});

describe("a merge that is cut off", () => {
  it("after it began is brought to its end by the guest's object", async () => {
    const [from, into] = await twoCarts();
    await begin(from, into);
    await evictDurableObject(cartStub(env, from));
    expect([await unitsOf(from), await unitsOf(into)]).toEqual([undefined, { A: 3 }]);
    await letAlarmFinish(from);
    expect(await unitsOf(into)).toEqual(MERGED);
    await letAlarmFinish(from);
    expect(await unitsOf(into)).toEqual(MERGED);
  });

  it("after the lines were taken doubles none, by a repeat and by the alarm", async () => {
    const [from, into] = await twoCarts();
    await cartStub(env, into).absorb(await begin(from, into), "USD");
    await evictDurableObject(cartStub(env, from));
    await evictDurableObject(cartStub(env, into));
    // Meanwhile the shopper takes something out: that is not undone either.
    const [line] = (await cartStub(env, into).view())!.lines;
    const change = { ...adding(A, 1), change: { kind: "set", lineId: line!.lineId, quantity: 1 } };
    await cartStub(env, into).change(change as ReturnType<typeof adding>);
    await merge(from, into);
    await letAlarmFinish(from);
    expect(await unitsOf(into)).toEqual({ A: 1, B: 1 });
    expect(await unitsOf(from)).toBeUndefined();
  });

  it("is tried again later where the shopper's object is away", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const [from, into] = await twoCarts();
    await begin(from, into);
    const away = { getByName: () => ({ absorb: () => Promise.reject(new Error("away")) }) };
    await runInDurableObject(cartStub(env, from), (instance) => {
      Reflect.set(instance, "env", { ...env, CART: away });
    });
    await letAlarmFinish(from);
    expect([await unitsOf(from), await unitsOf(into)]).toEqual([undefined, { A: 3 }]);
    expect(logged).toHaveBeenCalled();
    logged.mockRestore();
    await evictDurableObject(cartStub(env, from));
    await letAlarmFinish(from);
    expect(await unitsOf(into)).toEqual(MERGED);
  });

  it("after it was refused is given back whole, and may be tried again", async () => {
    const [from, into] = await twoCarts();
    const skus = Array.from({ length: LINES_MAX - 1 }, (_, at) => Sku.parse(`S${at}`));
    const facts = [A, B, ...skus].map(fact);
    for (const sku of skus) await cartStub(env, into).change(adding(sku, 1, { facts }));

    const begun = await begin(from, into);
    expect(await cartStub(env, into).absorb(begun, "USD")).toMatchObject({ ok: false });
    // The shopper makes room, but this merge was refused for good: else a late repeat could take
    // lines that the guest has again.
    const { lines } = (await cartStub(env, into).view())!;
    const { lineId } = lines.at(-1)!;
    const out = { ...adding(A, 1, { facts }), change: { kind: "set", lineId, quantity: 0 } };
    await cartStub(env, into).change(out as ReturnType<typeof adding>);
    expect(await deliverMerge(testIo(), env, begun, () => {})).toMatchObject({ ok: false });

    await letAlarmFinish(from);
    expect(await unitsOf(from)).toEqual({ A: 2, B: 1 });
    expect(await merge(from, into)).toMatchObject({ ok: true });
    expect(await unitsOf(into)).toMatchObject(MERGED);
    expect(await unitsOf(from)).toBeUndefined();
  });
});

describe("a purchase that was begun as a guest", () => {
  const bought = { lines: [{ sku: "A", quantity: 2 }], coupons: [], vouchers: [] };
  const opened = async (owner: CartOwner) => {
    const cart = await cartForCheckout(testIo(), env, owner);
    if (!cart.ok) throw new Error(cart.error.code);
    return cart.value.checkoutId;
  };

  it("takes what was bought out of the shopper's cart, once", async () => {
    const [from, into] = await twoCarts();
    const checkoutId = await opened(from);
    await merge(from, into);
    for (const _ of [1, 2]) await clearBought(testIo(), env, from, checkoutId, bought);
    expect(await unitsOf(into)).toEqual({ A: 3, B: 1 });
  });

  it("and cleared before the merge takes nothing of the shopper's", async () => {
    const [from, into] = await twoCarts();
    const checkoutId = await opened(from);
    await clearBought(testIo(), env, from, checkoutId, bought);
    await merge(from, into);
    await clearBought(testIo(), env, from, checkoutId, bought);
    expect(await unitsOf(into)).toEqual({ A: 3, B: 1 });
  });

  it("and cleared in the middle of a merge brings the merge to its end first", async () => {
    const [from, into] = await twoCarts();
    const checkoutId = await opened(from);
    await begin(from, into);
    await clearBought(testIo(), env, from, checkoutId, bought);
    expect(await unitsOf(into)).toEqual({ A: 3, B: 1 });
    expect(await unitsOf(from)).toBeUndefined();
  });
});

describe("a merged cart's object", () => {
  it("remembers whose it became for a month, and is empty afterwards", async () => {
    const [from, into] = await twoCarts();
    await merge(from, into);
    const rows = () =>
      runInDurableObject(cartStub(env, from), (_, { storage: { sql } }) =>
        sql.exec("SELECT name FROM sqlite_master WHERE name = 'merged'").toArray(),
      );
    expect(await rows()).toHaveLength(1);
    await runInDurableObject(cartStub(env, from), (_, { storage: { sql } }) => {
      sql.exec("UPDATE merged SET merged_at_ms = 1");
      sql.exec("DELETE FROM answer");
    });
    await runDurableObjectAlarm(cartStub(env, from));
    expect(await rows()).toEqual([]);
    expect(await merge(from, newUser())).toMatchObject({ ok: false });
    expect(await unitsOf(into)).toEqual(MERGED);
  });
});
