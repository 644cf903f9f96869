import { env } from "cloudflare:workers";
import { eq, like } from "drizzle-orm";
import { describe, it } from "vitest";
import { reconcilePayments } from "../../src/operations/reconcile-payments.ts";
import { capturePayment, publishOrderEvents } from "../../src/orders/index.ts";
import { orders } from "../../src/orders/schema.ts";
import { noteOpenPayment, openProcessors } from "../../src/payments/index.ts";
import { openPayments, paymentAlerts } from "../../src/payments/schema.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { OrderId } from "../../src/shared/ids.ts";
import { movementsOf, orderOf, quoted } from "../payments/told.ts";
import { call } from "../support/worker-shop.ts";

const ioAt = (overrides: object = {}): Io =>
  openIo({ ...env, ...overrides }, "req_reconcile", new Meter());
const MINUTE_MS = 60_000;

/** An order whose row says since when nothing has happened to it. */
async function placed(sinceMs: number) {
  const shopper = await quoted();
  const paid = await shopper.pay({ stripe: "tok_ok" });
  const id = OrderId.parse(paid.body.order.id);
  const age = async () => {
    await publishOrderEvents(ioAt(), env, [id]);
    const updatedAtMs = Date.now() - sinceMs;
    await ioAt().sql.update(orders).set({ updatedAtMs }).where(eq(orders.orderId, id));
  };
  await age();
  return { ...shopper, id, age };
}
const alertsAbout = (subject: string) =>
  ioAt()
    .sql.select()
    .from(paymentAlerts)
    .where(like(paymentAlerts.id, `%${subject}`));
/** Its turn has come; moving the clock instead would wake the orders of other tests too. */
const isDue = (key: string) =>
  ioAt().sql.update(openPayments).set({ dueAtMs: 0 }).where(eq(openPayments.key, key));
const isOpen = async (key: string) =>
  (await ioAt().sql.select().from(openPayments).where(eq(openPayments.key, key))).length === 1;

describe("the reconciler", () => {
  it("captures an order that every queue forgot, once", async ({ expect }) => {
    const { id, checkoutId } = await placed(3 * MINUTE_MS);
    await reconcilePayments(ioAt(), env);
    await reconcilePayments(ioAt(), env);
    expect((await orderOf(id)).status).toBe("paid");
    expect(await movementsOf(checkoutId)).toEqual(["stripe authorize", "stripe capture"]);
  });

  it("gives the money of a cancelled order back", async ({ expect }) => {
    const { id, checkoutId, age } = await placed(0);
    await call("POST", `/ops/v1/orders/${id}/cancel`, { body: { reason: "test" } });
    await age();
    await ioAt()
      .sql.update(orders)
      .set({ updatedAtMs: Date.now() - 3 * MINUTE_MS })
      .where(eq(orders.orderId, id));
    await reconcilePayments(ioAt(), env);
    expect((await orderOf(id)).payment.status).toBe("voided");
    expect(await movementsOf(checkoutId)).toEqual(["stripe authorize", "stripe void"]);
  });

  it("leaves alone what is on its way, and raises what takes too long", async ({ expect }) => {
    const fresh = await placed(0);
    const away = { STRIPE_URL: "http://127.0.0.1:9" };
    const stuck = await placed(20 * MINUTE_MS);
    await reconcilePayments(ioAt(away), env);
    expect((await orderOf(fresh.id)).status).toBe("placed");
    expect(await alertsAbout(fresh.id)).toEqual([]);
    expect((await orderOf(stuck.id)).status).toBe("placed");
    expect(await alertsAbout(stuck.id)).toMatchObject([{ kind: "payment_overdue" }]);
    await reconcilePayments(ioAt(), env);
    expect((await orderOf(stuck.id)).status).toBe("paid");
  });

  it("raises a capture that was accepted and of which nothing was ever told, and how to mend it", async ({
    expect,
  }) => {
    const { pay, checkoutId } = await quoted();
    const paid = await pay({ adyen: "tok_ok" });
    const id = OrderId.parse(paid.body.order.id);
    const deps = { processors: openProcessors(ioAt()), queues: env };
    expect(await capturePayment(ioAt(), deps, id)).toBe("accepted");
    await publishOrderEvents(ioAt(), env, [id]);
    const quietFor = (ms: number) =>
      ioAt()
        .sql.update(orders)
        .set({ updatedAtMs: Date.now() - ms })
        .where(eq(orders.orderId, id));

    await quietFor(60 * MINUTE_MS);
    await reconcilePayments(ioAt(), env);
    expect(await alertsAbout(id), "it may still come").toEqual([]);
    await quietFor(5 * 60 * MINUTE_MS);
    await reconcilePayments(ioAt(), env);
    expect(await alertsAbout(id)).toMatchObject([{ kind: "movement_unconfirmed" }]);
    // Asked again under the same key each time: it was captured once.
    expect(await movementsOf(checkoutId)).toEqual(["adyen authorize", "adyen capture"]);

    const proof = { reference: "PSP0000000000009", note: "settlement report" };
    await call("POST", `/ops/v1/orders/${id}/capture/confirm`, { body: proof });
    expect((await orderOf(id)).status).toBe("paid");
  });

  it("lets a checkout ask about its open payment, and forgets it once it is known", async ({
    expect,
  }) => {
    const { pay, checkoutId } = await quoted();
    await pay({ stripe: "tok_declined" });
    const key = `${checkoutId}:1`;
    await noteOpenPayment(ioAt(), { key, processor: "stripe", checkoutId, sentAtMs: Date.now() });
    await reconcilePayments(ioAt(), env);
    expect(await isOpen(key), "its turn has not come").toBe(true);
    await isDue(key);
    await reconcilePayments(ioAt(), env);
    expect(await isOpen(key)).toBe(false);
  });

  it("raises an open payment that its checkout does not know", async ({ expect }) => {
    const key = `chk_${crypto.randomUUID().replaceAll("-", "")}:1`;
    const checkoutId = key.split(":")[0]!;
    await noteOpenPayment(ioAt(), { key, processor: "stripe", checkoutId, sentAtMs: 0 });
    await isDue(key);
    await reconcilePayments(ioAt(), env);
    expect(await alertsAbout(key)).toMatchObject([{ kind: "payment_overdue" }]);
    expect(await isOpen(key)).toBe(true);
  });
});
