import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

describe("a purchase", () => {
  it("ends captured, with the stock sold and one confirmation in the sink", async ({ expect }) => {
    await shop.sell("MUG-1", { price: "12.50", stock: 10 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("MUG-1", 2);
    expect(quoted.total).toBe(2_500 + 499);

    const placed = await shopper.pay(quoted);
    expect(placed.status).toBe(201);
    const { id, token } = placed.body.order;
    const now = await shopper.order(id, token);
    expect(now.status).toBe(200);

    const paid = await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.status === "paid",
    );
    expect(paid.body.payment.captured.amount).toBe(quoted.total);
    const stock = await shop.call<{ onHand: number; held: number }>(
      "GET",
      "/ops/v1/inventory/MUG-1",
    );
    expect(stock.body).toMatchObject({ onHand: 8, held: 0 });
    const mails = await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length > 0,
    );
    expect(mails).toHaveLength(1);
    const kinds = (await shop.ledger(quoted.checkoutId)).map(({ kind }) => kind);
    expect(kinds).toEqual(["authorize", "capture"]);
    const cart = await shop.call<{ lines: unknown[] }>("GET", "/api/v2/cart", {
      headers: { "Cart-Token": shopper.cartToken },
    });
    expect(cart.body.lines).toEqual([]);
  });

  it("that is cancelled is refunded once, with the stock back and one mail about it", async ({
    expect,
  }) => {
    await shop.sell("LAMP-1", { price: "40.00", stock: 5 });
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("LAMP-1");
    const { id, token } = (await shopper.pay(quoted)).body.order;
    // A cancellation that overtakes the confirmation would spare the shopper that mail.
    await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 1,
    );
    const cancel = () =>
      shop.call("POST", `/api/v2/order/${id}/cancel`, {
        body: { reason: "changed my mind" },
        headers: { "Order-Token": token, "Idempotency-Key": `cancel-${id}` },
      });
    const cancelled = await Promise.all(Array.from({ length: 10 }, cancel));
    const statuses = cancelled.map(({ status }) => status);
    expect(statuses).toContain(200);
    expect(statuses.every((status) => status === 200 || status === 409)).toBe(true);

    const refunded = await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.payment.status === "refunded",
    );
    expect(refunded.body).toMatchObject({
      status: "cancelled",
      payment: { refunded: { amount: quoted.total } },
    });
    await eventually(
      () => shop.call<{ onHand: number }>("GET", "/ops/v1/inventory/LAMP-1"),
      ({ body }) => body.onHand === 5,
    );
    await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 2,
    );
    const ledger = await shop.ledger(quoted.checkoutId);
    expect(ledger.filter(({ kind }) => kind === "refund")).toHaveLength(1);
    expect(await shop.mails(shopper.email)).toHaveLength(2);
  });

  it("is handed over, shipped, sent back, restocked and refunded, each once and with its news", async ({
    expect,
  }) => {
    await shop.sell("BOOT-1", { price: "30.00", stock: 5 });
    const webhook = await shop.call<{ id: string }>("POST", "/ops/v1/webhooks", {
      body: { url: shop.deliveriesUrl("/merchant"), events: ["order.shipped", "return.received"] },
    });
    expect(webhook.status).toBe(201);
    const shopper = new Shopper(shop);
    const quoted = await shopper.quote("BOOT-1", 2);
    const { id, token } = (await shopper.pay(quoted)).body.order;
    await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 1,
    );
    const handedOver = await eventually(
      () => shop.deliveries("/handover/warehouse"),
      (sent) => sent.some(({ body }) => body.includes(id)),
    );
    expect(handedOver.filter(({ body }) => body.includes(id))).toHaveLength(1);

    const staff = <T>(path: string, body: object) =>
      shop.call<T>("POST", `/ops/v1/orders/${id}/${path}`, { body });
    const parcel = { carrier: "Pigeon Post", tracking: "PP 1" };
    expect((await staff("shipments", parcel)).body).toMatchObject({ status: "fulfilled" });
    const headers = { "Order-Token": token, "Idempotency-Key": `return-${id}` };
    type View = { lines: { id: string }[] };
    const { body: order } = await shop.call<View>("GET", `/api/v2/order/${id}`, { headers });
    const lines = [{ lineId: order.lines[0]?.id, quantity: 1 }];
    const path = `/api/v2/order/${id}/returns`;
    const asked = await shop.call<{ returnId: string }>("POST", path, { body: { lines }, headers });
    const receive = () => staff(`returns/${asked.body.returnId}/receive`, {});
    const received = await Promise.all([receive(), receive(), receive()]);
    expect(received.map(({ status }) => status)).toEqual([200, 200, 200]);

    const refunded = await eventually(
      () => shopper.order(id, token),
      ({ body }) => body.payment.refunded.amount > 0,
    );
    expect(refunded.body.payment.refunded.amount).toBe(3_000);
    await eventually(
      () => shop.call<{ onHand: number }>("GET", "/ops/v1/inventory/BOOT-1"),
      ({ body }) => body.onHand === 4,
    );
    const mails = await eventually(
      () => shop.mails(shopper.email),
      (sent) => sent.length === 4,
    );
    expect(mails).toHaveLength(4);
    const told = await eventually(
      () => shop.deliveries("/merchant"),
      (sent) => sent.length === 2,
    );
    expect(told.map(({ json }) => json.type).sort()).toEqual(["order.shipped", "return.received"]);
    const refunds = (await shop.ledger(quoted.checkoutId)).filter(({ kind }) => kind === "refund");
    expect(refunds).toHaveLength(1);

    type Trace = { events: { queues: { awaiting: string[] } }[]; messages: unknown[] };
    const settled = await eventually(
      () => shop.call<Trace>("GET", `/ops/v1/orders/${id}/trace`),
      ({ body }) => body.events.every(({ queues }) => queues.awaiting.length === 0),
    );
    // Four mails, two webhooks and the hand-over.
    expect(settled.body.messages).toHaveLength(7);
    type Audit = { findings: unknown[]; checked: number };
    const { body: audit } = await shop.call<Audit>("GET", "/ops/v1/audit/consistency");
    expect(audit.findings).toEqual([]);
    expect(audit.checked).toBeGreaterThan(0);
  });
});

describe("an account", () => {
  type Tokens = { accessToken: string; refreshToken: string };
  const email = "grace@example.com";
  const password = "a compiler for everybody";
  const auth = <T = unknown>(path: string, body: object, headers: Record<string, string> = {}) =>
    shop.call<T>("POST", `/api/v2/auth/${path}`, { body, headers });
  const tokenIn = ({ text }: { text: string }) => /#token=(\S+)/.exec(text)?.[1];

  it("begins with a mail's link, and ends every session when its password is set anew", async ({
    expect,
  }) => {
    expect((await auth("register", { email, password })).status).toBe(202);
    const [welcome] = await eventually(
      () => shop.mails(email),
      (sent) => sent.length === 1,
    );
    expect((await auth("login", { email, password })).status).toBe(401);
    expect((await auth("verify-email", { token: tokenIn(welcome!) })).status).toBe(200);

    const signedIn = await auth<Tokens>("login", { email, password });
    expect(signedIn.status).toBe(200);
    const bearer = { Authorization: `Bearer ${signedIn.body.accessToken}` };
    const me = await shop.call("GET", "/api/v2/me", { headers: bearer });
    expect(me).toMatchObject({ status: 200, body: { email } });

    await auth("password/forgot", { email });
    const [, forgotten] = await eventually(
      () => shop.mails(email),
      (sent) => sent.length === 2,
    );
    const reset = { token: tokenIn(forgotten!), password: "another compiler for everybody" };
    expect((await auth("password/reset", reset)).status).toBe(200);
    await eventually(
      () => shop.call("GET", "/api/v2/me", { headers: bearer }),
      ({ status }) => status === 401,
    );
    const { refreshToken } = signedIn.body;
    expect((await auth("refresh", { refreshToken })).status).toBe(401);
    expect((await auth("login", { email, password: reset.password })).status).toBe(200);
  });
});
