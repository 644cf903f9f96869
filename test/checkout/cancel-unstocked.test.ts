import { like } from "drizzle-orm";
import { describe, it } from "vitest";
import { cancelUnstocked } from "../../src/checkout/cancel-unstocked.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { shipOrder } from "../../src/orders/ship-order.ts";
import { paymentAlerts } from "../../src/payments/schema.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { captured } from "../orders/placed-order.ts";
import { ioAt, orderNow, placed } from "../orders/world.ts";

async function paid(): Promise<OrderId> {
  const { orderId } = await placed();
  await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
  return orderId;
}

const raised = (orderId: OrderId) =>
  ioAt()
    .sql.select({ kind: paymentAlerts.kind })
    .from(paymentAlerts)
    .where(like(paymentAlerts.id, `%${orderId}`));

describe("an order whose stock was lost", () => {
  it("is cancelled, once for every attempt that says so", async ({ expect }) => {
    const orderId = await paid();
    await Promise.all([1, 2].map(() => cancelUnstocked(ioAt(), { orderId, key: "chk_1:1" })));
    expect((await orderNow(orderId)).status).toBe("cancelled");
    expect(await raised(orderId)).toEqual([]);
  });

  it("is for a person once staff have shipped of it: nobody may go on as if it had been cancelled", async ({
    expect,
  }) => {
    const orderId = await paid();
    const actor = { kind: "staff", id: "tester" } as const;
    const parcel = { carrier: "Pigeon Post", tracking: "PP 1" };
    await shipOrder(ioAt(), { orderId, actor, lines: undefined, parcel, request: "s" });
    await cancelUnstocked(ioAt(), { orderId, key: "chk_1:1" });
    expect((await orderNow(orderId)).status).toBe("fulfilled");
    expect(await raised(orderId)).toEqual([{ kind: "stock_lost" }]);
  });
});
