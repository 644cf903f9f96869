import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { cancelOrder, publishOrderEvents, publishOrLeave } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { orderEvents, orders } from "../../src/orders/schema.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { captured } from "./placed-order.ts";
import { ioAt, marks, placed, recordingQueues } from "./world.ts";

const SHOPPER = { kind: "shopper", id: "guest" } as const;
const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), { orderId, actor: SHOPPER, reason: "", request: "r" });

const listed = async (orderId: OrderId) => {
  const [row] = await ioAt().sql.select().from(orders).where(eq(orders.orderId, orderId));
  return row;
};

describe("publishOrderEvents", () => {
  it("sends, marks and lists in three round trips, and repeats nothing", async ({ expect }) => {
    const nowMs = Date.now();
    const { orderId } = await placed();
    const { queues, sent } = recordingQueues();
    const io = ioAt(nowMs);
    await publishOrderEvents(io, queues, [orderId]);
    expect(io.meter.roundTrips).toBe(3);
    expect(sent.ORDERS_QUEUE).toMatchObject([
      { type: "order.placed.v1", trace: "req_orders_test", data: { orderId, sequence: 1 } },
    ]);
    expect(await marks(orderId)).toEqual([nowMs]);
    expect(await listed(orderId)).toMatchObject({ status: "placed", totalMinor: 2500, version: 1 });

    await publishOrderEvents(ioAt(nowMs + 1), queues, [orderId]);
    expect(sent.ORDERS_QUEUE).toHaveLength(1);
    expect(await marks(orderId)).toEqual([nowMs]);
  });

  it("keeps what a dead queue did not take, and only that, for the next time", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    await cancel(orderId);
    const nowMs = Date.now();
    const storm = recordingQueues(["COMMS_QUEUE"]);
    await expect(publishOrderEvents(ioAt(nowMs), storm.queues, [orderId])).rejects.toThrow(
      "COMMS_QUEUE",
    );
    expect(await marks(orderId)).toEqual([nowMs, null]);
    expect(await listed(orderId)).toMatchObject({ status: "cancelled" });

    const calm = recordingQueues();
    await publishOrderEvents(ioAt(nowMs + 1), calm.queues, [orderId]);
    expect(await marks(orderId)).toEqual([nowMs, nowMs + 1]);
    expect(calm.sent.COMMS_QUEUE).toHaveLength(1);
    // The other queues get it again, under the same id.
    expect(calm.sent.REFUNDS_QUEUE[0]?.id).toBe(storm.sent.REFUNDS_QUEUE[0]?.id);
  });

  it("sends a late capture of a cancelled order to refunds", async ({ expect }) => {
    const { orderId } = await placed();
    await cancel(orderId);
    await publishOrderEvents(ioAt(), recordingQueues().queues, [orderId]);
    await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
    const { queues, sent } = recordingQueues();
    await publishOrderEvents(ioAt(), queues, [orderId]);
    expect(sent.REFUNDS_QUEUE.map(({ type }) => type)).toEqual(["payment.captured.v1"]);
  });

  it("is not held up by a stream that cannot be understood", async ({ expect }) => {
    const [broken, sound] = [await placed(), await placed()];
    await ioAt()
      .sql.update(orderEvents)
      .set({ data: { nonsense: true } })
      .where(eq(orderEvents.orderId, broken.orderId));
    const { queues, sent } = recordingQueues();
    await publishOrderEvents(ioAt(), queues, [broken.orderId, sound.orderId]);
    expect(sent.ORDERS_QUEUE.map(({ data }) => data)).toEqual([
      { orderId: sound.orderId, sequence: 1 },
    ]);
    expect(await marks(broken.orderId)).toEqual([null]);
    await ioAt().sql.delete(orderEvents).where(eq(orderEvents.orderId, broken.orderId));
  });
});

describe("publishOrLeave", () => {
  it("lets a failure be the sweep's business", async ({ expect }) => {
    const { orderId } = await placed();
    await publishOrLeave(ioAt(), recordingQueues(["ORDERS_QUEUE"]).queues, orderId);
    expect(await marks(orderId)).toEqual([null]);
  });
});
