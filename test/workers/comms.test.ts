import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { abandonedEnvelope } from "../../src/cart/events.ts";
import { cartAbandonments, sentMessages } from "../../src/comms/schema.ts";
import { cancelOrder, orderToken } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { CartId, newId, type OrderId } from "../../src/shared/ids.ts";
import worker from "../../workers/comms/index.ts";
import { captured } from "../orders/placed-order.ts";
import { ioAt, mailsTo, placed } from "../orders/world.ts";
import { deliver, lettersFrom, malformedMessages, messageOf } from "./deliver.ts";

/** A person of its own for each test, since the sink is shared. */
const someone = () => `shopper-${crypto.randomUUID()}@example.com`;

async function paidOrder(email = someone()) {
  const { orderId } = await placed({ email });
  await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
  return { orderId, email, confirmed: messageOf(orderId, 2, "payment.captured.v1") };
}

function leftCart() {
  const cart = { cartId: newId(CartId, "crt"), version: 3, ownerKind: "guest" } as const;
  return {
    cartId: cart.cartId,
    message: abandonedEnvelope(cart, Date.parse("2026-11-20T12:00:00Z")),
  };
}
const abandonmentsOf = (cartId: CartId) =>
  ioAt().sql.select().from(cartAbandonments).where(eq(cartAbandonments.cartId, cartId));

const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), {
    orderId,
    actor: { kind: "shopper", id: "guest" },
    reason: "",
    request: "r",
  });

describe("the comms Worker", () => {
  it("confirms a paid order once, with a link that opens it", async ({ expect }) => {
    const { orderId, email, confirmed } = await paidOrder();
    expect(await deliver(worker, "comms", [confirmed, confirmed])).toEqual({
      acked: 2,
      retried: 0,
    });
    await deliver(worker, "comms", [confirmed]);
    const mails = await mailsTo(email);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.subject).toContain("is confirmed");
    const token = await orderToken(String(env.TOKEN_SECRET), orderId);
    expect(mails[0]?.text).toContain(`/order/${orderId}#token=${token}`);
    // Repeats after the record do not even ask the provider.
    expect(mails[0]?.calls).toBe(1);
  });

  it("reaches the shopper once when copies of the message run at the same time", async ({
    expect,
  }) => {
    const { email, confirmed } = await paidOrder();
    await Promise.all(Array.from({ length: 6 }, () => deliver(worker, "comms", [confirmed])));
    await deliver(worker, "comms", [confirmed]);
    expect(await mailsTo(email)).toHaveLength(1);
  });

  it("reaches the shopper once when it died between the provider's answer and its own record", async ({
    expect,
  }) => {
    const { orderId, email, confirmed } = await paidOrder();
    await deliver(worker, "comms", [confirmed]);
    await ioAt().sql.delete(sentMessages).where(eq(sentMessages.orderId, orderId));
    expect(await deliver(worker, "comms", [confirmed])).toEqual({ acked: 1, retried: 0 });
    expect(await mailsTo(email)).toMatchObject([{ calls: 2 }]);
    expect(
      await ioAt().sql.select().from(sentMessages).where(eq(sentMessages.orderId, orderId)),
    ).toHaveLength(1);
  });

  it("does not confirm an order that was cancelled meanwhile, and tells of the cancellation", async ({
    expect,
  }) => {
    const { orderId, email, confirmed } = await paidOrder();
    await cancel(orderId);
    const told = messageOf(orderId, 3, "order.cancelled.v1");
    expect(await deliver(worker, "comms", [told, confirmed, told])).toEqual({
      acked: 3,
      retried: 0,
    });
    const mails = await mailsTo(email);
    expect(mails.map(({ subject }) => subject)).toEqual([
      expect.stringMatching(/^Your order F-[\w-]+ is cancelled$/),
    ]);
  });

  it("asks for the message again while the provider is away, and then mails once", async ({
    expect,
  }) => {
    const { email, confirmed } = await paidOrder();
    const away = { MAIL_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(worker, "comms", [confirmed], away)).toEqual({ acked: 0, retried: 1 });
    expect(await mailsTo(email)).toEqual([]);
    expect(await deliver(worker, "comms", [confirmed])).toEqual({ acked: 1, retried: 0 });
    expect(await mailsTo(email)).toHaveLength(1);
  });

  it("records a cart that was left behind once per event, and sends nothing", async ({
    expect,
  }) => {
    const { cartId, message } = leftCart();
    const noMail = { MAIL_URL: "http://127.0.0.1:9" } as object;
    const copies = Array.from({ length: 4 }, () => deliver(worker, "comms", [message], noMail));
    expect(await Promise.all(copies)).toEqual(Array(4).fill({ acked: 1, retried: 0 }));
    expect(await abandonmentsOf(cartId)).toEqual([
      {
        eventId: message.id,
        cartId,
        cartVersion: 3,
        ownerKind: "guest",
        abandonedAtMs: Date.parse("2026-11-20T12:00:00Z"),
        recordedAtMs: expect.any(Number),
      },
    ]);
  });

  it("asks for the message again while the record cannot be kept", async ({ expect }) => {
    const { cartId, message } = leftCart();
    const away = { MYSQL_URL: "http://127.0.0.1:9" } as object;
    expect(await deliver(worker, "comms", [message], away)).toEqual({ acked: 0, retried: 1 });
    expect(await deliver(worker, "comms", [message])).toEqual({ acked: 1, retried: 0 });
    expect(await abandonmentsOf(cartId)).toHaveLength(1);
  });

  it("sets aside an abandoned cart that it cannot read", async ({ expect }) => {
    const { cartId, message } = leftCart();
    const tag = `parked_${crypto.randomUUID()}`;
    const bad = [
      { ...message, id: "not-an-event-id" },
      { ...message, data: { cartId, version: 0, ownerKind: "guest" } },
    ];
    expect(await deliver(worker, tag, bad)).toEqual({ acked: 2, retried: 0 });
    expect(await lettersFrom(tag)).toHaveLength(2);
    expect(await abandonmentsOf(cartId)).toEqual([]);
  });

  it("keeps what it cannot understand", async ({ expect }) => {
    const tag = `parked_${crypto.randomUUID()}`;
    const bad = malformedMessages(tag);
    expect(await deliver(worker, tag, bad)).toEqual({ acked: bad.length, retried: 0 });
    expect(await lettersFrom(tag)).toHaveLength(bad.length);
  });
});
