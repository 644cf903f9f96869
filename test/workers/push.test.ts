import { eq } from "drizzle-orm";
import { describe, it, vi } from "vitest";
import { pushDevices } from "../../src/account/devices/schema.ts";
import { listMessages } from "../../src/comms/index.ts";
import { sentPushes } from "../../src/comms/schema.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import comms from "../../workers/comms/index.ts";
import { captured } from "../orders/placed-order.ts";
import { ioAt, mailsTo, placed } from "../orders/world.ts";
import { as, logIn, signedIn } from "../support/account.ts";
import { deviceFault, devicesOf, pushesTo, register } from "../support/push.ts";
import { deliver, lettersFrom, messageOf } from "./deliver.ts";

const STAFF = { kind: "staff", id: "tester" } as const;
const DONE = { acked: 1, retried: 0 };
const AGAIN = { acked: 0, retried: 1 };

/** An order of somebody with devices, paid a moment later: the message is the confirmation's. */
async function bought(account: { id: string; email: string }, occurredAtMs = Date.now() + 1) {
  const { orderId } = await placed({ email: account.email, cartOwner: `user:${account.id}` });
  await recordFact(ioAt(occurredAtMs), { orderId, actor: "test", fact: captured(2500) });
  return { orderId, message: messageOf(orderId, 2, "payment.captured.v1") };
}

async function shopperWith(devices: number) {
  const account = await signedIn();
  const all = [];
  for (let n = 0; n < devices; n += 1) all.push(await register(account));
  return { account, devices: all, tokens: all.map(({ token }) => token) };
}

const counts = (tokens: readonly string[]) =>
  Promise.all(tokens.map(async (token) => (await pushesTo(token)).length));

const ledger = (orderId: OrderId) =>
  ioAt().sql.select().from(sentPushes).where(eq(sentPushes.orderId, orderId));

describe("push notifications", () => {
  it("tell every device of an event once, however often the message comes", async ({ expect }) => {
    const { account, tokens } = await shopperWith(3);
    const { orderId, message } = await bought(account);
    const settled = await Promise.all(
      Array.from({ length: 4 }, () => deliver(comms, "comms", [message])),
    );
    // Who finds another at it comes again, and finds it done.
    expect(settled.every(({ acked, retried }) => acked + retried === 1)).toBe(true);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([1, 1, 1]);
    expect(await mailsTo(account.email)).toMatchObject([{ channel: "email" }]);
    const told = await listMessages(ioAt(), [orderId]);
    expect(told.filter(({ channel }) => channel === "push")).toHaveLength(3);
    expect((await lettersFrom("comms")).filter(({ body }) => body.includes(orderId))).toEqual([]);
  });

  it("say no more than the order's number, and lead to it without its token", async ({
    expect,
  }) => {
    const { account, tokens } = await shopperWith(1);
    const { orderId, message } = await bought(account);
    await deliver(comms, "comms", [message]);
    const parcel = { carrier: "Pigeon Post", tracking: "PP 1", trackingUrl: "https://t.example/1" };
    await shipOrder(ioAt(), { orderId, actor: STAFF, parcel, request: "s" });
    const told = messageOf(orderId, 3, "order.shipped.v1");
    await deliver(comms, "comms", [told]);
    const [confirmed, shipped, ...others] = await pushesTo(tokens[0]!);
    expect(others).toEqual([]);
    expect([confirmed?.title, shipped?.title]).toEqual([
      expect.stringMatching(/^Your order F-[\w-]+ is confirmed$/),
      expect.stringMatching(/^Your order F-[\w-]+ is on its way$/),
    ]);
    expect(shipped).toMatchObject({
      order: orderId,
      link: `${ioAt().config.PUBLIC_URL}/order/${orderId}`,
      replaces: told.id,
    });
    expect(JSON.stringify([confirmed, shipped])).not.toMatch(
      /token=|Ada|Lovelace|Analytical|example\.com|Pigeon|PP 1|USD|25\.00/,
    );
  });

  it("go to nobody for a guest's order, and to no device of another shopper", async ({
    expect,
  }) => {
    const { account, tokens } = await shopperWith(1);
    const { orderId } = await placed({ email: account.email });
    await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
    const message = messageOf(orderId, 2, "payment.captured.v1");
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([0]);
    expect(await ledger(orderId)).toEqual([]);
  });

  it("are not sent where there is no provider, and mails are", async ({ expect }) => {
    const { account, tokens } = await shopperWith(1);
    const { message } = await bought(account);
    expect(await deliver(comms, "comms", [message], { PUSH_URL: "off" } as object)).toEqual(DONE);
    expect(await counts(tokens)).toEqual([0]);
    expect(await mailsTo(account.email)).toHaveLength(1);
  });

  it("do not reach a device that was signed out, or registered after the event", async ({
    expect,
  }) => {
    const { account, tokens } = await shopperWith(1);
    const phone = (await logIn(account)).body;
    const ended = await register(phone);
    const { message } = await bought(account);
    await as(phone, "POST", "/api/v2/auth/logout", {});
    const late = await register(account);
    await ioAt()
      .sql.update(pushDevices)
      .set({ createdAtMs: Date.now() + 60_000 })
      .where(eq(pushDevices.id, late.id as never));
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts([...tokens, ended.token, late.token])).toEqual([1, 0, 0]);
  });
});

describe("a device that cannot be told", () => {
  it("is forgotten when it is gone, and costs the others nothing", async ({ expect }) => {
    const { account, devices, tokens } = await shopperWith(3);
    // One the provider has never heard of, one that was uninstalled.
    const garbage = await register(account, `garbage-${crypto.randomUUID()}`);
    await deviceFault(tokens[1]!, "unregistered");
    const { orderId, message } = await bought(account);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([1, 0, 1]);
    const left = (await devicesOf(account)).map(({ id }) => id).sort();
    expect(left).toEqual([devices[0]!.id, devices[2]!.id].sort());
    expect(left).not.toContain(garbage.id);
    const outcomes = (await ledger(orderId)).map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(["gone", "gone", "sent", "sent"]);
    expect((await lettersFrom("comms")).filter(({ body }) => body.includes(orderId))).toEqual([]);
  });

  it("is left alone when it is another project's, and no message waits for it", async ({
    expect,
  }) => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const { account, tokens } = await shopperWith(2);
    await deviceFault(tokens[0]!, "foreign");
    const { message } = await bought(account);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([0, 1]);
    expect(await devicesOf(account)).toHaveLength(2);
    logged.mockRestore();
  });

  it.for(["unavailable", "internal", "quota", "no_certificate"])(
    "comes again after %s; who was told stays told",
    async (fault, { expect }) => {
      const { account, tokens } = await shopperWith(2);
      await deviceFault(tokens[0]!, fault, 30);
      const { message } = await bought(account);
      expect(await deliver(comms, "comms", [message])).toEqual(AGAIN);
      expect(await counts(tokens)).toEqual([0, 1]);
      await deviceFault(tokens[0]!);
      expect(await deliver(comms, "comms", [message])).toEqual(DONE);
      expect(await counts(tokens)).toEqual([1, 1]);
      expect(await mailsTo(account.email)).toMatchObject([{ calls: 1 }]);
      expect(await devicesOf(account)).toHaveLength(2);
    },
  );

  it("is told a second time under the same name when the first answer was lost", async ({
    expect,
  }) => {
    const { account, tokens } = await shopperWith(2);
    await deviceFault(tokens[0]!, "answer_lost");
    const { message } = await bought(account);
    expect(await deliver(comms, "comms", [message])).toEqual(AGAIN);
    await deviceFault(tokens[0]!);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([2, 1]);
    const names = (await pushesTo(tokens[0]!)).map(({ replaces }) => replaces);
    expect(new Set(names)).toEqual(new Set([message.id]));
  });

  it("is kept for an operator when it is the message that is wrong", async ({ expect }) => {
    const { account, tokens } = await shopperWith(2);
    for (const token of tokens) await deviceFault(token, "bad_message");
    const { orderId, message } = await bought(account);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await devicesOf(account)).toHaveLength(2);
    const [letter] = (await lettersFrom("comms")).filter(({ body }) => body.includes(orderId));
    expect(letter?.reason).toContain("order-confirmation by push: HTTP 400 INVALID_ARGUMENT");
    for (const token of tokens) expect(letter?.reason).not.toContain(token);
    // Mended and sent again, it arrives.
    for (const token of tokens) await deviceFault(token);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([1, 1]);
  });

  it("is told by who comes after a Worker that died at it, once its claim is old", async ({
    expect,
  }) => {
    const { account, devices, tokens } = await shopperWith(1);
    const { orderId, message } = await bought(account);
    const [device] = devices;
    const row = { eventId: message.id, deviceId: device!.id, template: "order-confirmation" };
    const claimedAtMs = Date.now();
    await ioAt()
      .sql.insert(sentPushes)
      .values({ ...row, orderId, claimedAtMs });
    expect(await deliver(comms, "comms", [message])).toEqual(AGAIN);
    expect(await counts(tokens)).toEqual([0]);
    await ioAt()
      .sql.update(sentPushes)
      .set({ claimedAtMs: claimedAtMs - 121_000 })
      .where(eq(sentPushes.orderId, orderId));
    const settled = await Promise.all([1, 2, 3].map(() => deliver(comms, "comms", [message])));
    expect(settled.some(({ acked }) => acked === 1)).toBe(true);
    expect(await deliver(comms, "comms", [message])).toEqual(DONE);
    expect(await counts(tokens)).toEqual([1]);
  });
});
