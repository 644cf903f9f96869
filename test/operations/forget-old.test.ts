import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { cartSnapshots } from "../../src/cart/documents.ts";
import { forgetAbandonments, forgetDeliveries, forgetPushes } from "../../src/comms/index.ts";
import { cartAbandonments, sentPushes, webhookDeliveries } from "../../src/comms/schema.ts";
import { forgetOld, KEPT_DAYS } from "../../src/operations/forget-old.ts";
import { alerts, deadLetters } from "../../src/operations/schema.ts";
import { paymentEvents } from "../../src/payments/schema.ts";
import { auditLog } from "../../src/platform/audit/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { CartId, newId } from "../../src/shared/ids.ts";

const ofComms = { forgetAbandonments, forgetDeliveries, forgetPushes };
const io = openIo(env, "req_retention");
const DAY_MS = 24 * 60 * 60 * 1000;
const NOW_MS = Date.now();
/** Just before the line, just after it, and never settled. */
const ages = (kind: keyof typeof KEPT_DAYS) => {
  const line = NOW_MS - KEPT_DAYS[kind] * DAY_MS;
  return { old: line - DAY_MS, young: line + DAY_MS };
};
const sweep = () => forgetOld({ ...io, clock: { nowMs: () => NOW_MS } }, ofComms);
const own = () => crypto.randomUUID().replaceAll("-", "");

describe("forgetOld", () => {
  it("deletes what is past its days, and leaves what is younger or still waits", async ({
    expect,
  }) => {
    const tag = own();
    const payment = ages("paymentEvents");
    const event = {
      processor: "stripe",
      type: "t",
      body: "{}",
      receivedAtMs: 1,
      tries: 0,
    } as const;
    await io.sql.insert(paymentEvents).values([
      { ...event, eventId: `${tag}-old`, paymentId: tag, handledAtMs: payment.old },
      { ...event, eventId: `${tag}-young`, paymentId: tag, handledAtMs: payment.young },
      // Old as it is, nobody has handled it; far away, so that no sweep of another test takes it up.
      { ...event, eventId: `${tag}-open`, paymentId: tag, handledAtMs: null, dueAtMs: 2 ** 50 },
    ]);
    const letter = { queue: tag, body: "{}", reason: "", arrivals: 1, firstAtMs: 1 };
    const letters = ages("deadLetters");
    await io.sql.insert(deadLetters).values([
      { ...letter, id: `${tag}:gone`, lastAtMs: 1, redrivenAtMs: letters.old },
      { ...letter, id: `${tag}:recent`, lastAtMs: 1, redrivenAtMs: letters.young },
      { ...letter, id: `${tag}:back`, lastAtMs: letters.old + 1, redrivenAtMs: letters.old },
      { ...letter, id: `${tag}:waits`, lastAtMs: 1, redrivenAtMs: null },
    ]);
    const abandoned = { cartVersion: 1, ownerKind: "guest", recordedAtMs: 1, cartId: `crt_${tag}` };
    await io.sql.insert(cartAbandonments).values([
      { ...abandoned, eventId: `evt_${tag}1`, abandonedAtMs: ages("cartAbandonments").old },
      { ...abandoned, eventId: `evt_${tag}2`, abandonedAtMs: ages("cartAbandonments").young },
    ]);
    const delivery = { receiver: "whe_1", orderId: tag };
    await io.sql.insert(webhookDeliveries).values([
      { ...delivery, eventId: `evt_${tag}1`, deliveredAtMs: ages("webhookDeliveries").old },
      { ...delivery, eventId: `evt_${tag}2`, deliveredAtMs: ages("webhookDeliveries").young },
    ]);
    const push = { deviceId: "dev_1", template: "t", orderId: tag };
    await io.sql.insert(sentPushes).values([
      { ...push, eventId: `evt_${tag}1`, claimedAtMs: ages("pushes").old },
      { ...push, eventId: `evt_${tag}2`, claimedAtMs: ages("pushes").young },
    ]);
    const alert = { kind: tag, detail: {}, raisedAtMs: 1, lastSeenAtMs: 1 };
    await io.sql.insert(alerts).values([
      { ...alert, id: `${tag}:1`, subject: "over", resolvedAtMs: ages("alerts").old },
      { ...alert, id: `${tag}:2`, subject: "stands", resolvedAtMs: null },
    ]);
    const act = { id: `aud_${tag}`, actor: tag, action: "x", target: {}, requestId: "r" };
    await io.sql.insert(auditLog).values({ ...act, atMs: 1 });

    expect((await sweep()).failed).toBe(0);

    const kept = {
      events: (
        await io.sql.select().from(paymentEvents).where(eq(paymentEvents.paymentId, tag))
      ).map((row) => row.eventId),
      letters: (await io.sql.select().from(deadLetters).where(eq(deadLetters.queue, tag))).map(
        (row) => row.id,
      ),
      carts: (
        await io.sql
          .select()
          .from(cartAbandonments)
          .where(eq(cartAbandonments.cartId, `crt_${tag}`))
      ).map((row) => row.eventId),
      deliveries: (
        await io.sql.select().from(webhookDeliveries).where(eq(webhookDeliveries.orderId, tag))
      ).map((row) => row.eventId),
      pushes: (await io.sql.select().from(sentPushes).where(eq(sentPushes.orderId, tag))).map(
        (row) => row.eventId,
      ),
      alerts: (await io.sql.select().from(alerts).where(eq(alerts.kind, tag))).map(
        (row) => row.subject,
      ),
      acts: (await io.sql.select().from(auditLog).where(eq(auditLog.actor, tag))).length,
    };
    expect({ ...kept, events: kept.events.sort(), letters: kept.letters.sort() }).toEqual({
      events: [`${tag}-open`, `${tag}-young`],
      letters: [`${tag}:back`, `${tag}:recent`, `${tag}:waits`],
      carts: [`evt_${tag}2`],
      deliveries: [`evt_${tag}2`],
      pushes: [`evt_${tag}2`],
      alerts: ["stands"],
      acts: 1,
    });
    await io.sql.delete(paymentEvents).where(eq(paymentEvents.paymentId, tag));
  });

  it("deletes snapshots of carts that ended, and of those that nobody has touched for longer", async ({
    expect,
  }) => {
    const snapshot = (takenAtMs: number, expiredAtMs: number | null) => ({
      cartId: newId(CartId, "crt"),
      ownerKind: "guest" as const,
      lines: [],
      mode: "standard" as const,
      version: 1,
      takenAtMs,
      expiredAtMs,
    });
    const ended = ages("cartSnapshots");
    const rows = [
      snapshot(NOW_MS, ended.old),
      snapshot(ages("untouchedSnapshots").old, null),
      snapshot(NOW_MS, ended.young),
      snapshot(ages("untouchedSnapshots").young, null),
    ];
    await io.documents.insert(cartSnapshots).values(rows);
    await sweep();
    const there = async (cartId: (typeof rows)[number]["cartId"]) =>
      (await io.documents.select().from(cartSnapshots).where(eq(cartSnapshots.cartId, cartId)))
        .length;
    expect(await Promise.all(rows.map(({ cartId }) => there(cartId)))).toEqual([0, 0, 1, 1]);
  });

  it("goes on with one database while the other is away", async ({ expect }) => {
    const away = openIo({ ...env, MYSQL_URL: "http://u:p@127.0.0.1:9" }, "req_retention");
    expect((await forgetOld(away, ofComms)).failed).toBe(6);
  });
});
