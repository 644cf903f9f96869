import { env } from "cloudflare:workers";
import { and, eq } from "drizzle-orm";
import { describe, it, vi } from "vitest";
import { storefront } from "../../../src/api.ts";
import { hearNews } from "../../../src/checkout/index.ts";
import { sweepEvents } from "../../../src/payments/index.ts";
import { paymentAlerts, paymentEvents } from "../../../src/payments/schema.ts";
import { type Io, openIo } from "../../../src/platform/io/io.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";
import { call } from "../../support/worker-shop.ts";
import { adyenWebhook, stripeWebhook } from "../forge.ts";
import { deliver, orderOf, quoted, toldOf } from "../told.ts";

const ioAt = (laterMs = 0): Io =>
  openIo(env, "req_webhooks", new Meter(), { nowMs: () => Date.now() + laterMs });
const DAY_MS = 24 * 60 * 60 * 1000;

const eventRow = async (eventId: string) => {
  const rows = await ioAt()
    .sql.select()
    .from(paymentEvents)
    .where(eq(paymentEvents.eventId, eventId));
  return rows[0];
};
const alertsAbout = (subject: string, kind: string) =>
  ioAt()
    .sql.select()
    .from(paymentAlerts)
    .where(and(eq(paymentAlerts.subject, subject), eq(paymentAlerts.kind, kind)));
const handled = (eventId: string) =>
  vi.waitUntil(async () => (await eventRow(eventId))?.handledAtMs, { timeout: 5_000 });

async function paidByAdyen() {
  const shopper = await quoted();
  const paid = await shopper.pay({ adyen: "tok_ok" });
  const [told] = await toldOf("adyen", `${shopper.checkoutId}:1`);
  const { NotificationRequestItem: item } = JSON.parse(told!.body).notificationItems[0];
  const orderId = paid.body.order.id;
  return { ...shopper, orderId, paymentId: String(item.pspReference) };
}

describe("POST /webhooks/payments/{processor}", () => {
  it("50 · refuses what is not signed, and keeps nothing of it", async ({ expect }) => {
    const { body, headers } = await stripeWebhook({ id: "evt_forged", type: "x", data: {} });
    const unsigned = { "Content-Type": "application/json" };
    const forged = { ...headers, "Stripe-Signature": `${headers["Stripe-Signature"]}0` };
    const changed = body.replace("evt_forged", "evt_forgex");
    for (const sent of [
      { body, headers: unsigned },
      { body, headers: forged },
      { body: changed, headers },
      { body: "", headers },
    ]) {
      const answer = await deliver("stripe", sent);
      expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
        401,
        "application/problem+json",
      ]);
    }
    const old = await stripeWebhook({ id: "evt_forged", type: "x" }, Date.now() - 301_000);
    expect((await deliver("stripe", old)).status).toBe(401);
    expect((await deliver("adyen", { body, headers })).status).toBe(401);
    expect(await eventRow("evt_forged")).toBeUndefined();
  });

  it("knows two processors", async ({ expect }) => {
    const answer = await call("POST", "/webhooks/payments/paypal", { body: "{}" });
    expect(answer.status).toBe(422);
  });

  it("50 · takes each event once, however often it comes", async ({ expect }) => {
    const event = {
      id: `evt_${crypto.randomUUID()}`,
      type: "customer.updated",
      data: { object: { id: "cus_1" } },
    };
    const first = await deliver("stripe", await stripeWebhook(event));
    expect([first.status, first.body]).toEqual([200, { received: 1 }]);
    await handled(event.id);
    const again = await Promise.all(
      Array.from({ length: 5 }, async () => deliver("stripe", await stripeWebhook(event))),
    );
    expect(again.map(({ status, body }) => [status, body.received])).toEqual(
      Array(5).fill([200, 0]),
    );
  });

  it("tells two events apart whose ids differ in case alone", async ({ expect }) => {
    const id = `evt_${crypto.randomUUID()}`;
    const data = { object: { id: "cus_1" } };
    for (const each of [id, id.toUpperCase()]) {
      const event = { id: each, type: "customer.updated", data };
      const { body } = await deliver("stripe", await stripeWebhook(event));
      expect(body).toEqual({ received: 1 });
    }
    expect((await eventRow(id))?.eventId).toBe(id);
  });

  it("says that it cannot keep an event, so that it is sent again", async ({ expect }) => {
    const { body, headers } = await adyenWebhook({ merchantReference: "chk_1:1" });
    const request = new Request("http://shop.test/webhooks/payments/adyen", {
      method: "POST",
      body,
      headers,
    });
    const away = { ...env, MYSQL_URL: "http://127.0.0.1:9" };
    const ctx = { waitUntil: () => {}, passThroughOnException: () => {}, props: {} };
    const answer = await storefront(request, away, ctx as unknown as ExecutionContext);
    expect(answer.status).toBe(503);
  });
});

describe("an event that cannot be right", () => {
  it("51 · of another merchant is kept and raised, and changes nothing", async ({ expect }) => {
    const { orderId, paymentId, total } = await paidByAdyen();
    const before = await orderOf(orderId);
    const { eventId, ...webhook } = await adyenWebhook({
      eventCode: "CAPTURE",
      merchantAccountCode: "SomebodyElse",
      merchantReference: `capture:${orderId}`,
      originalReference: paymentId,
      amount: { currency: "USD", value: total.amount },
    });
    expect((await deliver("adyen", webhook)).status).toBe(200);
    await handled(eventId);
    expect(await eventRow(eventId)).toMatchObject({ fault: "other_merchant" });
    expect(await alertsAbout(`adyen:${eventId}`, "other_merchant")).toHaveLength(1);
    expect(await orderOf(orderId)).toEqual(before);
  });

  it("51 · of another amount, currency or payment is kept and raised, and changes nothing", async ({
    expect,
  }) => {
    const { orderId, paymentId, total } = await paidByAdyen();
    const before = await orderOf(orderId);
    const right = {
      eventCode: "CAPTURE",
      merchantReference: `capture:${orderId}`,
      originalReference: paymentId,
      amount: { currency: "USD", value: total.amount },
    };
    for (const wrong of [
      { amount: { currency: "USD", value: total.amount - 1 } },
      { amount: { currency: "EUR", value: total.amount } },
      { originalReference: "SOMEBODYELSES" },
    ]) {
      const { eventId, ...webhook } = await adyenWebhook({ ...right, ...wrong });
      expect((await deliver("adyen", webhook)).status).toBe(200);
      await handled(eventId);
      expect(await eventRow(eventId)).toMatchObject({ fault: "amount_mismatch" });
      expect(await alertsAbout(`adyen:${eventId}`, "amount_mismatch")).toHaveLength(1);
    }
    expect(await orderOf(orderId)).toEqual(before);
  });

  it("51 · of an unknown order is kept and tried again, and raised after a day", async ({
    expect,
  }) => {
    const { eventId, ...webhook } = await adyenWebhook({
      eventCode: "CAPTURE",
      merchantReference: "capture:ord_00000000000000000000000000",
    });
    expect((await deliver("adyen", webhook)).body).toEqual({ received: 1 });
    await vi.waitUntil(async () => ((await eventRow(eventId))?.tries ?? 0) > 0, { timeout: 5_000 });
    expect(await eventRow(eventId)).toMatchObject({ handledAtMs: null, fault: null });

    const soon = ioAt(5 * 60_000);
    await sweepEvents(soon, hearNews(soon, env));
    const again = await eventRow(eventId);
    expect(again).toMatchObject({ handledAtMs: null });
    expect(again?.tries).toBeGreaterThanOrEqual(2);
    expect(await alertsAbout(`adyen:${eventId}`, "event_unplaced")).toHaveLength(0);

    const later = ioAt(2 * DAY_MS);
    await sweepEvents(later, hearNews(later, env));
    expect((await eventRow(eventId))?.handledAtMs).not.toBeNull();
    expect(await alertsAbout(`adyen:${eventId}`, "event_unplaced")).toHaveLength(1);
  });
});
