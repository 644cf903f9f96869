import { env } from "cloudflare:workers";
import { describe, it, vi } from "vitest";
import { capturePayment } from "../../src/orders/index.ts";
import { openProcessors } from "../../src/payments/index.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { FAILURES_TO_OPEN } from "../../src/shared/breaker.ts";
import { OrderId } from "../../src/shared/ids.ts";
import { roundTrips } from "../support/worker-shop.ts";
import { deliver, movementsOf, orderOf, quoted, toldOf } from "./told.ts";

const circuitOf = (name: string) => env.BREAKER.getByName(name);
const open = async (name: string) => {
  for (let n = 0; n < FAILURES_TO_OPEN; n += 1) await circuitOf(name).report("badly");
};
/** Longer than an isolate's copy of a circuit is believed. */
const copiesAge = () => new Promise((resolve) => setTimeout(resolve, 1_100));

describe("two processors", () => {
  it("pay at the first that the shopper has a token for", async ({ expect }) => {
    const both = await quoted();
    expect((await both.pay({ stripe: "tok_ok", adyen: "tok_ok" })).status).toBe(201);
    expect(await movementsOf(both.checkoutId)).toContain("stripe authorize");
    expect(await movementsOf(both.checkoutId)).not.toContain("adyen authorize");
    const one = await quoted();
    expect((await one.pay({ adyen: "tok_ok" })).status).toBe(201);
    expect(await movementsOf(one.checkoutId)).toEqual(["adyen authorize"]);
  });

  it("take a decline for an answer: the second is not asked", async ({ expect }) => {
    const { pay, checkoutId } = await quoted();
    const declined = await pay({ stripe: "tok_declined", adyen: "tok_ok" });
    expect(declined.status).toBe(402);
    expect(await movementsOf(checkoutId)).toEqual([]);
  });

  it("never switch after a silence: one charge, at the first", async ({ expect }) => {
    const { pay, checkoutId } = await quoted();
    const paid = await pay({ stripe: "tok_timeout_after", adyen: "tok_ok" });
    expect(paid.status).toBe(201);
    expect(await movementsOf(checkoutId)).not.toContain("adyen authorize");
    await circuitOf("stripe").report("well");
  });

  it("find out at Adyen by the very request what a silence hid", async ({ expect }) => {
    const { pay, checkoutId } = await quoted();
    const paid = await pay({ adyen: "tok_timeout_after" });
    expect(paid.status).toBe(201);
    expect(await movementsOf(checkoutId)).toEqual(["adyen authorize"]);
    await circuitOf("adyen").report("well");
  });

  it("switch while the circuit is open, and the order is captured where it was paid", async ({
    expect,
  }) => {
    await open("stripe");
    await copiesAge();
    const { pay, checkoutId, total } = await quoted();
    const paid = await pay({ stripe: "tok_ok", adyen: "tok_ok" });
    expect(paid.status).toBe(201);
    expect(roundTrips(paid)).toBeLessThanOrEqual(6);
    expect(await movementsOf(checkoutId)).toEqual(["adyen authorize"]);

    // What the orders Worker does next, and what Adyen tells then.
    const io = openIo(env, "req_failover");
    const id = OrderId.parse(paid.body.order.id);
    const deps = { processors: openProcessors(io), queues: env };
    expect(await capturePayment(io, deps, id)).toBe("accepted");
    expect((await orderOf(id)).payment.status).toBe("pending");
    const [captured] = await toldOf("adyen", `capture:${id}`);
    expect((await deliver("adyen", captured!)).body).toEqual({ received: 1 });
    await vi.waitFor(async () => expect((await orderOf(id)).status).toBe("paid"), 5_000);
    expect((await orderOf(id)).payment).toMatchObject({
      processor: "adyen",
      captured: total,
    });
    expect(await movementsOf(checkoutId)).toEqual(["adyen authorize", "adyen capture"]);
  });

  it("answer 503 with both circuits open, without a call and without holding stock", async ({
    expect,
  }) => {
    await Promise.all([open("stripe"), open("adyen")]);
    await copiesAge();
    const { pay, checkoutId, sku } = await quoted();
    const refused = await pay({ stripe: "tok_ok", adyen: "tok_ok" });
    expect([refused.status, refused.body.type]).toEqual([503, "/problems/payments-unavailable"]);
    expect(refused.headers.get("Retry-After")).toBeTruthy();
    expect(await movementsOf(checkoutId)).toEqual([]);
    expect(await env.SKU_STOCK.getByName(sku).view()).toMatchObject({ onHand: 5, held: 0 });
  });
});
