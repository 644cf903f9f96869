import { describe, it } from "vitest";
import { sentMessages } from "../../src/comms/schema.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { requestRefund } from "../../src/orders/request-refund.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import { derivedWebhookSecret, signWebhook } from "../../src/platform/webhooks/sign.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import comms from "../../workers/comms/index.ts";
import orders from "../../workers/orders/index.ts";
import { captured, refundDone } from "../orders/placed-order.ts";
import {
  deliveriesAt,
  deliverySink,
  ioAt,
  mailsTo,
  placed,
  recordingQueues,
} from "../orders/world.ts";
import { call } from "../support/worker-shop.ts";
import { deliver, lettersFrom, messageOf } from "./deliver.ts";

const STAFF = { kind: "staff", id: "tester" } as const;
const someone = () => `shopper-${crypto.randomUUID()}@example.com`;
const somePhone = () =>
  `+1${String(crypto.getRandomValues(new Uint32Array(1))[0]).padStart(10, "5")}`;

async function paid(person: { email?: string; phone?: string } = {}) {
  const { orderId } = await placed({ email: someone(), ...person });
  await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
  return orderId;
}

async function shipped(orderId: OrderId) {
  const parcel = { carrier: "Pigeon <b>Post</b>", tracking: "PP 1" };
  await shipOrder(ioAt(), { orderId, actor: STAFF, parcel, request: "s" });
  return messageOf(orderId, 3, "order.shipped.v1");
}

async function refunded(orderId: OrderId) {
  const wish = { amountMinor: 700 };
  const asked = { orderId, actor: STAFF, wish, reason: "late", request: "r" };
  const requested = await requestRefund(ioAt(), asked);
  if (!requested.ok) throw new Error(requested.error.code);
  const { refundId } = requested.value.refunds[0]!;
  await recordFact(ioAt(), { orderId, actor: "test", fact: refundDone(700, refundId) });
  return messageOf(orderId, 4, "payment.refunded.v1");
}

describe("the comms Worker, after the sale", () => {
  it("tells of a shipment by mail and phone, once each", async ({ expect }) => {
    const [email, phone] = [someone(), somePhone()];
    const message = await shipped(await paid({ email, phone: phone.replace("+1", "+1 (") }));
    await Promise.all(Array.from({ length: 4 }, () => deliver(comms, "comms", [message])));
    expect(await deliver(comms, "comms", [message])).toEqual({ acked: 1, retried: 0 });
    const mails = await mailsTo(email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Your order F-[\w-]+ is on its way$/),
    ]);
    expect(mails[0]?.text).toContain("tracking number PP 1");
    expect(mails[0]?.text).toContain("2 × Thing 1");
    expect(mails[0]?.html).not.toContain("<b>");
    const texts = await mailsTo(phone);
    expect(texts).toMatchObject([{ channel: "sms", text: expect.stringContaining("PP 1") }]);
  });

  it("goes on where it stopped: the mail is out, the phone's provider was away", async ({
    expect,
  }) => {
    const [email, phone] = [someone(), somePhone()];
    const message = await shipped(await paid({ email, phone }));
    const away = { SMS_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(comms, "comms", [message], away)).toEqual({ acked: 0, retried: 1 });
    expect(await mailsTo(phone)).toEqual([]);
    expect(await deliver(comms, "comms", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await mailsTo(email)).toMatchObject([{ calls: 1 }]);
    expect(await mailsTo(phone)).toHaveLength(1);
  });

  it("sends nothing to what is no phone number of anywhere", async ({ expect }) => {
    const email = someone();
    const orderId = await paid({ email, phone: "555-1234" });
    await deliver(comms, "comms", [await shipped(orderId)]);
    expect(await mailsTo(email)).toHaveLength(1);
    const sent = (await ioAt().sql.select().from(sentMessages)).filter(
      (row) => row.orderId === orderId,
    );
    expect(sent.map(({ channel }) => channel)).toEqual(["email"]);
  });

  it("says what was refunded, and of a cancelled order says it once", async ({ expect }) => {
    const email = someone();
    await deliver(comms, "comms", [await refunded(await paid({ email }))]);
    expect(await mailsTo(email)).toMatchObject([
      { subject: expect.stringContaining("refund"), text: expect.stringContaining("7.00 USD") },
    ]);
    const other = someone();
    const orderId = await paid({ email: other });
    const message = await refunded(orderId);
    await cancelOrder(ioAt(), { orderId, actor: STAFF, reason: "", request: "c" });
    await deliver(comms, "comms", [messageOf(orderId, 5, "order.cancelled.v1"), message]);
    expect((await mailsTo(other)).map(({ subject }) => subject)).toEqual([
      expect.stringContaining("cancelled"),
    ]);
  });
});

describe("merchants' webhooks", () => {
  type Added = { id: string; secret: string; url: string };

  /** An endpoint at a path of its own. It is removed afterwards: every event is told to all. */
  async function subscribed<T>(
    events: string[],
    act: (added: Added, path: string) => Promise<T>,
  ): Promise<T> {
    const path = `/hooks/${crypto.randomUUID()}`;
    const body = { url: `${deliverySink()}${path}`, events };
    const { body: added, status } = await call<Added>("POST", "/ops/v1/webhooks", { body });
    if (status !== 201) throw new Error(JSON.stringify(added));
    try {
      return await act(added, path);
    } finally {
      await call("DELETE", `/ops/v1/webhooks/${added.id}`);
    }
  }

  const fanOut = async (message: unknown, endpointId: string) => {
    const { queues, sent } = recordingQueues();
    await deliver(comms, "comms", [message], queues);
    return sent.COMMS_QUEUE.filter(({ id }) => id.endsWith(endpointId));
  };

  it("tell an endpoint once of what it asked for, signed, without the shopper's address", async ({
    expect,
  }) => {
    await subscribed(["order.shipped"], async ({ id, secret }, path) => {
      const orderId = await paid();
      const message = await shipped(orderId);
      expect(await fanOut(messageOf(orderId, 2, "payment.captured.v1"), id)).toEqual([]);
      const due = await fanOut(message, id);
      expect(due).toHaveLength(1);
      expect(await deliver(comms, "comms", [...due, ...due])).toEqual({ acked: 2, retried: 0 });
      const [delivery, ...others] = await deliveriesAt(path);
      expect(others).toEqual([]);
      const { headers, body } = delivery!;
      const signed = await signWebhook(secret, {
        id: headers["webhook-id"]!,
        timestampSeconds: Number(headers["webhook-timestamp"]),
        body,
      });
      expect(headers["webhook-signature"]).toBe(signed);
      expect(secret).toBe(await derivedWebhookSecret(ioAt().config.TOKEN_SECRET, id));
      expect(JSON.parse(body)).toMatchObject({
        type: "order.shipped",
        data: { order: { id: orderId, status: "fulfilled" }, event: { tracking: "PP 1" } },
      });
      expect(body).not.toMatch(/Lovelace|Analytical|example\.com|secret-cart|chk_/);
    });
  });

  it("come back while their receiver is away, and are dropped once it is removed", async ({
    expect,
  }) => {
    const orderId = await paid();
    const message = await shipped(orderId);
    let due: unknown[] = [];
    await subscribed(["order.shipped"], async ({ id }, path) => {
      due = await fanOut(message, id);
      const away = { WEBHOOK_ALLOWED_ORIGINS: deliverySink(), DEPENDENCY_TIMEOUT_MS: "50" };
      await fetch(`${deliverySink()}/weather`, { method: "PUT", body: '{"down":true}' });
      try {
        const settled = await deliver(comms, "comms", due, away as object);
        expect(settled).toEqual({ acked: 0, retried: 1 });
      } finally {
        await fetch(`${deliverySink()}/weather`, { method: "PUT", body: "{}" });
      }
      expect(await deliver(comms, "comms", due)).toEqual({ acked: 1, retried: 0 });
      expect(await deliveriesAt(path)).toHaveLength(1);
    });
    expect(await deliver(comms, "comms", due)).toEqual({ acked: 1, retried: 0 });
  });

  it("are sent to no address that is not allowed any more, and the endpoint says why", async ({
    expect,
  }) => {
    await subscribed(["order.shipped"], async ({ id }, path) => {
      const due = await fanOut(await shipped(await paid()), id);
      const strict = { WEBHOOK_ALLOWED_ORIGINS: "" } as object;
      expect(await deliver(comms, "comms", due, strict)).toEqual({ acked: 1, retried: 0 });
      expect(await deliveriesAt(path)).toEqual([]);
      type Listed = { items: { id: string; disabledReason: string | null }[] };
      const { body } = await call<Listed>("GET", "/ops/v1/webhooks?limit=100");
      expect(body.items.find((each) => each.id === id)?.disabledReason).toBe("not_https");
    });
  });

  it("keep a due webhook that nobody can read", async ({ expect }) => {
    const tag = `parked_${crypto.randomUUID()}`;
    const message = messageOf("ord_1" as OrderId, 1, "order.shipped.v1");
    const bad = { ...message, type: "webhook.due.v1", data: { orderId: 7 } };
    expect(await deliver(comms, tag, [bad])).toEqual({ acked: 1, retried: 0 });
    expect(await lettersFrom(tag)).toHaveLength(1);
  });
});

describe("POST /ops/v1/webhooks", () => {
  const add = (url: string, headers = {}) =>
    call<{ id: string; errors: unknown[] }>("POST", "/ops/v1/webhooks", {
      body: { url, events: ["order.paid"] },
      headers,
    });

  it.for([
    "http://example.com/",
    "https://127.0.0.1/",
    "https://0x7f.1/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/",
    "https://u:p@example.com/",
    "file:///etc/passwd",
  ])("refuses %s", async (url, { expect }) => {
    const refused = await add(url);
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toMatchObject([{ pointer: "/url" }]);
  });

  it("adds an endpoint once per key", async ({ expect }) => {
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const first = await add("https://example.com/hook", key);
    const again = await add("https://example.com/hook", key);
    expect([first.status, again.body]).toEqual([201, first.body]);
    const path = `/ops/v1/webhooks/${first.body.id}`;
    expect((await call("DELETE", path)).status).toBe(200);
    expect((await call("DELETE", path)).status).toBe(404);
  });
});

describe("the hand-over of the orders Worker", () => {
  const PATH = "/handover/warehouse";
  const told = async (orderId: OrderId) =>
    (await deliveriesAt(PATH)).filter(({ body }) => body.includes(orderId));

  it("gives a paid order once to who sends the goods, with its address", async ({ expect }) => {
    const orderId = await paid();
    const message = messageOf(orderId, 2, "payment.captured.v1");
    expect(await deliver(orders, "orders", [message, message])).toEqual({ acked: 2, retried: 0 });
    await deliver(orders, "orders", [message]);
    const [delivery, ...others] = await told(orderId);
    expect(others).toEqual([]);
    const { headers, body } = delivery!;
    const { secret } = ioAt().config.HANDOVER_ENDPOINTS[0]!;
    expect(headers["webhook-signature"]).toBe(
      await signWebhook(secret, {
        id: headers["webhook-id"]!,
        timestampSeconds: Number(headers["webhook-timestamp"]),
        body,
      }),
    );
    expect(JSON.parse(body)).toMatchObject({
      type: "order.paid",
      data: { order: { id: orderId, shippingAddress: { name: "Ada Lovelace" } } },
    });
  });

  it("comes again while the warehouse is away, and never for an order that was cancelled", async ({
    expect,
  }) => {
    const orderId = await paid();
    const message = messageOf(orderId, 2, "payment.captured.v1");
    const { id, secret } = ioAt().config.HANDOVER_ENDPOINTS[0]!;
    const url = "http://127.0.0.1:9/";
    const away = {
      HANDOVER_ENDPOINTS: JSON.stringify([{ id, secret, url }]),
      WEBHOOK_ALLOWED_ORIGINS: "http://127.0.0.1:9",
    } as object;
    expect(await deliver(orders, "orders", [message], away)).toEqual({ acked: 0, retried: 1 });
    await cancelOrder(ioAt(), { orderId, actor: STAFF, reason: "", request: "c" });
    expect(await deliver(orders, "orders", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await told(orderId)).toEqual([]);
  });

  it("is nobody's where none is configured", async ({ expect }) => {
    const orderId = await paid();
    const none = { HANDOVER_ENDPOINTS: "[]" } as object;
    const message = messageOf(orderId, 2, "payment.captured.v1");
    expect(await deliver(orders, "orders", [message], none)).toEqual({ acked: 1, retried: 0 });
    expect(await told(orderId)).toEqual([]);
  });
});
