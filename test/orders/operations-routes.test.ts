import { exports } from "cloudflare:workers";
import { describe, inject, it } from "vitest";
import { newOrderId } from "./placed-order.ts";
import { orderNow, placed } from "./world.ts";

type Init = { method?: string; body?: unknown; key?: string; staff?: boolean };

function ops(path: string, { method = "GET", body, key, staff = true }: Init = {}) {
  const headers = new Headers();
  if (staff) headers.set("Authorization", `Bearer ${inject("staffKey")}`);
  if (key !== undefined) headers.set("Idempotency-Key", key);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  return exports.default.fetch(new Request(`http://shop.test/ops/v1${path}`, init));
}

describe("GET /ops/v1/orders/{id}", () => {
  it("shows staff the order with all its events and what shoppers do not see", async ({
    expect,
  }) => {
    const { orderId, body } = await placed();
    const response = await ops(`/orders/${orderId}`);
    expect(response.status).toBe(200);
    expect(response.headers.get("X-Round-Trips")).toBe("1");
    expect(await response.json()).toMatchObject({
      id: orderId,
      status: "placed",
      events: [
        {
          sequence: 1,
          type: "order.placed.v1",
          trace: "req_orders_test",
          actor: { kind: "shopper", id: "guest" },
          data: { checkoutId: body.checkoutId, payment: { paymentId: body.payment.paymentId } },
        },
      ],
    });
  });

  it("is closed to everybody else, and knows no other order", async ({ expect }) => {
    const { orderId } = await placed();
    expect((await ops(`/orders/${orderId}`, { staff: false })).status).toBe(401);
    expect((await ops(`/orders/${newOrderId()}`)).status).toBe(404);
    expect((await ops("/orders/nonsense")).status).toBe(422);
  });
});

describe("POST /ops/v1/orders/{id}/cancel", () => {
  it("cancels on the shop's behalf, says who did, and repeats its answer", async ({ expect }) => {
    const { orderId } = await placed();
    const key = crypto.randomUUID();
    const cancel = { method: "POST", body: { reason: "fraud" }, key };
    const first = await ops(`/orders/${orderId}/cancel`, cancel);
    const text = await first.text();
    expect(first.status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ status: "cancelled" });
    const repeat = await ops(`/orders/${orderId}/cancel`, cancel);
    expect(repeat.headers.get("Idempotent-Replayed")).toBe("true");
    expect(await repeat.text()).toBe(text);
    const again = await ops(`/orders/${orderId}/cancel`, { ...cancel, key: crypto.randomUUID() });
    expect(again.status).toBe(409);
    const { events } = await (await ops(`/orders/${orderId}`)).json<{ events: unknown[] }>();
    expect(events[1]).toMatchObject({
      actor: { kind: "staff", id: "local" },
      data: { reason: "fraud" },
    });
    expect((await orderNow(orderId)).version).toBe(2);
  });

  it("needs a reason and a staff key", async ({ expect }) => {
    const { orderId } = await placed();
    const path = `/orders/${orderId}/cancel`;
    expect((await ops(path, { method: "POST", body: {} })).status).toBe(422);
    const stranger = { method: "POST", body: { reason: "x" }, staff: false };
    expect((await ops(path, stranger)).status).toBe(401);
    expect((await orderNow(orderId)).status).toBe("placed");
  });
});
