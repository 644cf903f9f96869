import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cartSnapshots } from "../../src/cart/documents.ts";
import { cartForCheckout, clearBought } from "../../src/cart/index.ts";
import type { CartOwner } from "../../src/cart/model.ts";
import { saveSnapshot } from "../../src/cart/save-snapshot.ts";
import { cartStub } from "../../src/cart/stub.ts";
import { CartId, newId } from "../../src/shared/ids.ts";
import { testIo } from "../inventory/shop.ts";
import { recordingQueues } from "../orders/world.ts";
import { A, adding, alarmAtMs, B, changing, guest, signedIn, touchedAgo } from "./changes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The alarm of one cart's object, over a queue that remembers and, for once, a Neon that is away. */
async function ring(
  owner: CartOwner,
  { queues = recordingQueues().queues, neonIsDown = false } = {},
): Promise<void> {
  const away = neonIsDown ? { NEON_ENDPOINT: "http://127.0.0.1:9/sql" } : {};
  await runInDurableObject(cartStub(env, owner), (instance) => {
    Reflect.set(instance, "env", { ...env, ...queues, ...away });
  });
  expect(await runDurableObjectAlarm(cartStub(env, owner))).toBe(true);
}

async function cartOf(owner: CartOwner, quantity = 2): Promise<CartId> {
  await cartStub(env, owner).change(adding(A, quantity));
  return (await cartStub(env, owner).view())!.cartId;
}

async function snapshotOf(cartId: CartId) {
  const { documents } = testIo();
  const rows = documents.select().from(cartSnapshots).where(eq(cartSnapshots.cartId, cartId));
  return (await rows)[0];
}

/** What is still owed waits for its time; this makes the time come. */
const retryNow = (owner: CartOwner) =>
  runInDurableObject(cartStub(env, owner), (_, { storage: { sql } }) => {
    sql.exec("UPDATE cart SET snapshot_retry_at_ms = 1 WHERE snapshot_retry_at_ms IS NOT NULL");
    sql.exec("UPDATE expired SET due_at_ms = 1");
  });

const tablesOf = (owner: CartOwner) =>
  runInDurableObject(cartStub(env, owner), (_, { storage: { sql } }) =>
    sql.exec("SELECT name FROM sqlite_master WHERE name = 'cart'").toArray(),
  );

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a cart's snapshot", () => {
  it("is due 30 minutes after the first change, and changes do not move the alarm", async () => {
    const owner = guest();
    await cartOf(owner);
    const dueMs = await alarmAtMs(owner);
    expect(Math.round((dueMs! - Date.now()) / MINUTE_MS)).toBe(30);
    await touchedAgo(owner, 10 * MINUTE_MS);
    await cartStub(env, owner).change(adding(B, 1));
    expect(await alarmAtMs(owner)).toBe(dueMs);
  });

  it("is not taken of a cart that was used since", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await touchedAgo(owner, 20 * MINUTE_MS);
    await ring(owner);
    expect(await snapshotOf(cartId)).toBeUndefined();
    expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / MINUTE_MS)).toBe(10);
  });

  it("says what the cart holds, and leaves the cart as it is", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await cartStub(env, owner).change(adding(B, 1));
    await touchedAgo(owner, 31 * MINUTE_MS);
    await ring(owner);
    expect(await snapshotOf(cartId)).toEqual({
      cartId,
      ownerKind: "guest",
      lines: [
        { sku: "A", quantity: 2 },
        { sku: "B", quantity: 1 },
      ],
      mode: "standard",
      version: 2,
      takenAtMs: expect.closeTo(Date.now(), -5),
      expiredAtMs: null,
    });
    expect(await cartStub(env, owner).view()).toMatchObject({ cartId, version: 2 });
    // Nothing more to say until it changes or expires.
    expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / DAY_MS)).toBe(7);
  });

  it("follows the cart: changed, then emptied, with evictions between", async () => {
    const owner = signedIn();
    const cartId = await cartOf(owner);
    const settle = async () => {
      await touchedAgo(owner, 31 * MINUTE_MS);
      await evictDurableObject(cartStub(env, owner));
      await ring(owner);
      return snapshotOf(cartId);
    };
    await settle();
    await cartStub(env, owner).change(adding(A, 3));
    expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / MINUTE_MS)).toBe(30);
    expect(await settle()).toMatchObject({
      ownerKind: "user",
      lines: [{ sku: "A", quantity: 5 }],
      version: 2,
    });

    const [line] = (await cartStub(env, owner).view())!.lines;
    await cartStub(env, owner).change(changing({ kind: "set", lineId: line!.lineId, quantity: 0 }));
    expect(await settle()).toMatchObject({ lines: [], version: 3 });
  });

  it("is not taken of a cart that was never filled", async () => {
    const owner = guest();
    const change = changing({ kind: "mode", mode: "split", postalCode: null });
    await cartStub(env, owner).change(change);
    const { cartId } = (await cartStub(env, owner).view())!;
    expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / DAY_MS)).toBe(7);
    await touchedAgo(owner, 31 * MINUTE_MS);
    await ring(owner);
    expect(await snapshotOf(cartId)).toBeUndefined();
  });

  it("is tried again, each time later, while Neon is away; the cart goes on", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await touchedAgo(owner, 31 * MINUTE_MS);
    for (const minutes of [1, 2, 4]) {
      await ring(owner, { neonIsDown: true });
      expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / MINUTE_MS)).toBe(minutes);
      await retryNow(owner);
      await evictDurableObject(cartStub(env, owner));
    }
    expect(await snapshotOf(cartId)).toBeUndefined();
    await cartStub(env, owner).change(adding(B, 1));
    await touchedAgo(owner, 31 * MINUTE_MS);
    await ring(owner);
    expect(await snapshotOf(cartId)).toMatchObject({ version: 2 });
  });

  it("does not go back when an older one arrives late, and expired stays expired", async () => {
    const cartId = newId(CartId, "crt");
    const row = { cartId, ownerKind: "guest", mode: "standard", takenAtMs: 1 } as const;
    const newer = { ...row, lines: [{ sku: A, quantity: 2 }], version: 5, expiredAtMs: 9 };
    await saveSnapshot(testIo().documents, newer);
    await saveSnapshot(testIo().documents, { ...row, lines: [], version: 4 });
    expect(await snapshotOf(cartId)).toEqual(newer);
    await saveSnapshot(testIo().documents, { ...newer, expiredAtMs: null });
    expect(await snapshotOf(cartId)).toMatchObject({ expiredAtMs: 9 });
  });
});

describe("a cart that is left behind", () => {
  it("is marked in Neon and told of once, and nothing of it stays in the object", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await touchedAgo(owner, 8 * DAY_MS);
    const { queues, sent } = recordingQueues();
    await ring(owner, { queues });
    expect(sent.COMMS_QUEUE).toEqual([
      {
        id: `evt_${cartId.slice(4)}000001`,
        type: "cart.abandoned.v1",
        occurredAt: expect.any(String),
        trace: `cart:${cartId}`,
        data: { cartId, version: 1, ownerKind: "guest" },
      },
    ]);
    expect(await snapshotOf(cartId)).toMatchObject({
      lines: [{ sku: "A", quantity: 2 }],
      version: 1,
      expiredAtMs: expect.closeTo(Date.now(), -5),
    });
    expect(await tablesOf(owner)).toEqual([]);
    expect(await alarmAtMs(owner)).toBeNull();
  });

  it("is told of by the same event after an outage, and a new cart may begin meanwhile", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await touchedAgo(owner, 8 * DAY_MS);
    const down = recordingQueues(["COMMS_QUEUE"]);
    await ring(owner, { queues: down.queues });
    expect(down.sent.COMMS_QUEUE).toEqual([]);
    expect(await cartStub(env, owner).view()).toBeUndefined();

    await cartStub(env, owner).change(adding(B, 1));
    await evictDurableObject(cartStub(env, owner));
    await retryNow(owner);
    await ring(owner, { neonIsDown: true });
    await retryNow(owner);
    const up = recordingQueues();
    await ring(owner, { queues: up.queues });
    expect(up.sent.COMMS_QUEUE).toMatchObject([{ id: `evt_${cartId.slice(4)}000001` }]);
    const begun = (await cartStub(env, owner).view())!;
    expect(begun).toMatchObject({ lines: [{ sku: "B", quantity: 1 }] });
    expect(begun.cartId).not.toBe(cartId);

    await retryNow(owner);
    await touchedAgo(owner, 31 * MINUTE_MS);
    await ring(owner, { queues: up.queues });
    expect(up.sent.COMMS_QUEUE).toHaveLength(1);
  });

  it("is not one that was bought, whatever Neon knew of it", async () => {
    const owner = guest();
    const cartId = await cartOf(owner);
    await touchedAgo(owner, 31 * MINUTE_MS);
    await ring(owner);
    const opened = await cartForCheckout(testIo(), env, owner);
    if (!opened.ok) throw new Error(opened.error.code);
    const { checkoutId, lines } = opened.value;
    const bought = { lines, coupons: [], vouchers: [] };
    await clearBought(testIo(), env, owner, checkoutId, bought);
    await touchedAgo(owner, 8 * DAY_MS);
    const { queues, sent } = recordingQueues();
    await ring(owner, { queues });
    expect(sent.COMMS_QUEUE).toEqual([]);
    expect(await snapshotOf(cartId)).toMatchObject({
      lines: [],
      version: 2,
      expiredAtMs: expect.any(Number),
    });
    expect(await tablesOf(owner)).toEqual([]);
  });

  it("is forgotten without a word when it never held anything", async () => {
    const owner = guest();
    const change = changing({ kind: "mode", mode: "split", postalCode: null });
    await cartStub(env, owner).change(change);
    const { cartId } = (await cartStub(env, owner).view())!;
    await touchedAgo(owner, 8 * DAY_MS);
    const { queues, sent } = recordingQueues();
    await ring(owner, { queues });
    expect(sent.COMMS_QUEUE).toEqual([]);
    expect(await snapshotOf(cartId)).toBeUndefined();
    expect(await tablesOf(owner)).toEqual([]);
  });

  it("leaves its answers to repeats for a day", async () => {
    const owner = guest();
    const keyed = { idempotency: { key: "k", fingerprint: "same" } };
    const made = await cartStub(env, owner).change(adding(A, 1, keyed));
    await touchedAgo(owner, 8 * DAY_MS);
    await ring(owner);
    expect(Math.round(((await alarmAtMs(owner))! - Date.now()) / (60 * MINUTE_MS))).toBe(25);
    const again = await cartStub(env, owner).change(adding(A, 1, keyed));
    expect(made).toMatchObject({ kind: "changed" });
    expect(again).toMatchObject({ kind: "replay" });
  });
});
