import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { listMessages } from "../../src/comms/index.ts";
import { checkConsistency } from "../../src/operations/check-consistency.ts";
import { requestReturn } from "../../src/orders/request-return.ts";
import { orders } from "../../src/orders/schema.ts";
import { OrderId } from "../../src/shared/ids.ts";
import commsWorker from "../../workers/comms/index.ts";
import ordersWorker from "../../workers/orders/index.ts";
import { newOrderId } from "../orders/placed-order.ts";
import { ioAt, orderNow, placedWithPayment } from "../orders/world.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";
import { deliver, messageOf } from "../workers/deliver.ts";

type Trace = {
  order: { status: string } | null;
  now: { status: string; version: number };
  journal: { attempt: number; step: string; note: string; tookMs: number | null }[];
  events: { type: string; occurredAt: string; queues: { awaiting: string[] } }[];
  messages: { channel: string; what: string }[];
  stock: { sku: string; movements: { kind: string; quantity: number }[] }[];
};

const traceOf = (orderId: string, query = "") =>
  call<Trace>("GET", `/ops/v1/orders/${orderId}/trace${query}`);

/** An order bought through the shop's own routes, paid and confirmed. */
async function bought() {
  const sku = ownSku();
  await sell({ sku });
  const added = await call<{ token: string }>("POST", "/api/v2/cart/lines", {
    body: { sku, quantity: 2 },
  });
  const headers = { "Cart-Token": added.body.token };
  const validated = await call<{ checkoutId: string; quote: { id: string } }>(
    "POST",
    "/api/v2/validatecheckout",
    { headers, body: { email: `${crypto.randomUUID()}@example.com`, shippingAddress: ADDRESS } },
  );
  const { checkoutId, quote } = validated.body;
  const placed = await call<{ order: { id: string } }>("POST", "/api/v2/processorder", {
    headers: { ...headers, "Idempotency-Key": crypto.randomUUID() },
    body: { checkoutId, quoteId: quote.id, payment: { tokens: { stripe: "tok_ok" } } },
  });
  const orderId = OrderId.parse(placed.body.order.id);
  await deliver(ordersWorker, "orders", [messageOf(orderId, 1, "order.placed.v1")]);
  const paid = messageOf(orderId, 2, "payment.captured.v1");
  await deliver(ordersWorker, "orders", [paid]);
  await deliver(commsWorker, "comms", [paid]);
  return { orderId, sku };
}

describe("GET /ops/v1/orders/{id}/trace", () => {
  it("tells the whole story of a purchase: steps, events, queues, messages, stock", async ({
    expect,
  }) => {
    const { orderId, sku } = await bought();
    const { status, body } = await traceOf(orderId);
    expect(status).toBe(200);
    expect(body.order?.status).toBe("paid");
    const steps = body.journal.map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(["holding", "authorizing", "appending"]));
    expect(body.journal.some(({ note }) => note.includes("stripe"))).toBe(true);
    expect(body.journal[0]?.tookMs).toBeGreaterThanOrEqual(0);
    expect(body.journal.at(-1)?.tookMs).toBeNull();
    expect(body.events).toMatchObject([
      { type: "order.placed.v1", queues: { awaiting: [] } },
      { type: "payment.captured.v1", queues: { awaiting: [] } },
    ]);
    expect(body.messages).toMatchObject([
      { channel: "webhook", what: "handover:warehouse" },
      { channel: "email", what: "order-confirmation" },
    ]);
    expect(body.stock).toMatchObject([
      {
        sku,
        movements: [
          { kind: "hold", quantity: 2 },
          { kind: "commit", quantity: 2 },
        ],
      },
    ]);
  });

  it("shows who is still waited for, and the order at a past moment", async ({ expect }) => {
    const { orderId } = await bought();
    const before = (await traceOf(orderId)).body.events[0]!.occurredAt;
    const lines = [{ lineId: (await orderNow(orderId)).placed.lines[0]!.id, quantity: 1 }];
    const actor = { kind: "shopper", id: "guest" } as const;
    await requestReturn(ioAt(), { orderId, actor, lines, reason: "", request: "r" });
    const { body } = await traceOf(orderId, `?at=${encodeURIComponent(before)}`);
    expect(body.order?.status).toBe("placed");
    expect(body.now).toEqual({ status: "paid", version: 3 });
    expect(body.events[2]).toMatchObject({
      type: "return.requested.v1",
      queues: { awaiting: ["comms"] },
    });
    const early = await traceOf(orderId, "?at=2001-01-01T00:00:00Z");
    expect(early.body.order).toBeNull();
  });

  it("knows no other order, and no other moment than one", async ({ expect }) => {
    expect((await traceOf(newOrderId())).status).toBe(404);
    expect((await traceOf(newOrderId(), "?at=yesterday")).status).toBe(422);
  });
});

describe("GET /ops/v1/audit/consistency", () => {
  type Page = {
    findings: { orderId: string; invariant: string; repair: string }[];
    checked: number;
    nextCursor: string | null;
  };

  /** Holds one order to the rules, as it will look in an hour: the page begins right before it. */
  async function audited(orderId: OrderId) {
    const io = ioAt(Date.now() + 3_600_000);
    // Every longer id that begins like this one comes after what it begins with.
    const after = OrderId.parse(orderId.slice(0, -1));
    const deps = { env, messagesOf: listMessages };
    const page = await checkConsistency(io, deps, { after, limit: 20 });
    return page.findings.filter((finding) => finding.orderId === orderId);
  }

  it("finds nothing wrong with a purchase that went its way", async ({ expect }) => {
    const { orderId } = await bought();
    expect(await audited(orderId)).toEqual([]);
  });

  it("finds what was tampered with, and says how to mend it", async ({ expect }) => {
    const { orderId, sku } = await bought();
    await ioAt().sql.update(orders).set({ status: "placed" }).where(eq(orders.orderId, orderId));
    const { holdId } = (await orderNow(orderId)).placed;
    await env.SKU_STOCK.getByName(sku).takeBack(holdId, "planted");
    const found = await audited(orderId);
    expect(found.map(({ invariant }) => invariant).sort()).toEqual(["I1", "I11"]);
    for (const { repair } of found) expect(repair).not.toBe("");
  });

  it("asks the processor about an order that should have been captured", async ({ expect }) => {
    const { orderId } = await placedWithPayment();
    const found = await audited(orderId);
    const about = found.filter(({ invariant }) => invariant === "I7" || invariant === "I8");
    expect(about).toHaveLength(1);
  });

  it("walks over all orders page by page, each once", async ({ expect }) => {
    const { orderId } = await placedWithPayment();
    let [checked, pages, cursor] = [0, 0, ""];
    do {
      const path = `/ops/v1/audit/consistency?limit=50${cursor}`;
      const { status, body } = await call<Page>("GET", path);
      expect(status).toBe(200);
      checked += body.checked;
      pages += 1;
      cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : "";
    } while (cursor !== "" && pages < 40);
    expect(checked).toBeGreaterThan(0);
    expect((await orderNow(orderId)).version).toBe(1);
  });
});
