import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import {
  cancelOrder,
  eventIdFor,
  publishOrderEvents,
  sweepOutbox,
} from "../../src/orders/index.ts";
import { listDue, type OutboxPlace, settleEvent } from "../../src/orders/outbox.ts";
import { appendEvents } from "../../src/orders/store.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import operations from "../../workers/operations/index.ts";
import { cancelled, captured, stream } from "./placed-order.ts";
import { ioAt, marks, outboxOf, placed, recordingQueues } from "./world.ts";

// Every test that sweeps stands in this file, and none sweeps ahead of the clock: a sweep takes all due
// events of the database, and only the tests of one file run one after another.

const SHOPPER = { kind: "shopper", id: "guest" } as const;
const { sql } = ioAt();
const MINUTE_MS = 60_000;
const orderIdsIn = (sent: { data?: unknown }[]) =>
  sent.map(({ data }) => (data as { orderId: string }).orderId);

describe("listDue", () => {
  it("pages by the moment they fell due and by id", async ({ expect }) => {
    const longAgo = Date.UTC(2001, 0, 1) + Math.floor(Math.random() * 1e9) * 1000;
    const events = stream([captured(2500), cancelled()]);
    await appendEvents(sql, events, { status: "cancelled", nowMs: longAgo });
    const due = (nowMs: number, after?: OutboxPlace) =>
      listDue(sql, { nowMs, limit: 500, after }).then((places) =>
        places.filter(({ orderId }) => orderId === events[0]!.orderId),
      );
    expect(await due(longAgo + 9_999)).toEqual([]);
    const all = await due(longAgo + 10_000);
    expect(all.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    expect(await due(longAgo + 10_000, all[1])).toEqual([all[2]]);
  });
});

describe("an event in the outbox", () => {
  it("is sent again, ever more rarely, to those who have not settled it, until all have", async ({
    expect,
  }) => {
    const startMs = Date.UTC(2002, 0, 1) + Math.floor(Math.random() * 1e9) * 1000;
    const { orderId } = await placed({ occurredAtMs: startMs, appendedAtMs: startMs });
    await cancelOrder(ioAt(startMs), { orderId, actor: SHOPPER, reason: "", request: "r" });
    const publishAt = async (minutes: number) => {
      const { queues, sent } = recordingQueues();
      await publishOrderEvents(ioAt(startMs + minutes * MINUTE_MS), queues, [orderId]);
      return Object.values(sent).map(
        (messages) => messages.filter(({ type }) => type === "order.cancelled.v1").length,
      );
    };
    const settle = (queue: Parameters<typeof settleEvent>[2]) =>
      settleEvent(sql, eventIdFor(orderId, 2), queue);

    expect(await publishAt(0)).toEqual([1, 1, 1]);
    expect(await publishAt(0.9)).toEqual([0, 0, 0]);
    await settle("REFUNDS_QUEUE");
    expect(await publishAt(1)).toEqual([1, 0, 1]);
    expect(await publishAt(1.9)).toEqual([0, 0, 0]);
    await settle("ORDERS_QUEUE");
    await settle("ORDERS_QUEUE");
    expect(await publishAt(2)).toEqual([0, 0, 1]);
    expect(await publishAt(3.9)).toEqual([0, 0, 0]);
    expect(await publishAt(4)).toEqual([0, 0, 1]);
    await settle("COMMS_QUEUE");
    expect(await publishAt(10_000)).toEqual([0, 0, 0]);
    expect((await outboxOf(orderId))[1]).toMatchObject({ awaiting: 0, dueAtMs: null });
  });

  it("that was settled before its sending was noted stays due until it is", async ({ expect }) => {
    const { orderId } = await placed();
    await settleEvent(sql, eventIdFor(orderId, 1), "ORDERS_QUEUE");
    expect((await outboxOf(orderId))[0]).toMatchObject({ awaiting: 0, publishedAtMs: null });
    expect((await outboxOf(orderId))[0]?.dueAtMs).toBeGreaterThan(0);
    const { queues, sent } = recordingQueues();
    await publishOrderEvents(ioAt(), queues, [orderId]);
    expect(sent.ORDERS_QUEUE).toEqual([]);
    expect((await outboxOf(orderId))[0]?.dueAtMs).toBeNull();
  });
});

describe("sweepOutbox", () => {
  it("publishes what was left behind and leaves the young to their owners", async ({ expect }) => {
    const nowMs = Date.now();
    const old = await placed({ appendedAtMs: nowMs - 11_000 });
    const young = await placed({ appendedAtMs: nowMs - 5_000 });
    const { queues, sent } = recordingQueues();
    const { swept, failed } = await sweepOutbox(ioAt(nowMs), queues);
    expect(swept).toBeGreaterThanOrEqual(1);
    expect(failed).toBe(0);
    expect(orderIdsIn(sent.ORDERS_QUEUE)).toContain(old.orderId);
    expect(orderIdsIn(sent.ORDERS_QUEUE)).not.toContain(young.orderId);
    expect(await marks(old.orderId)).toEqual([nowMs]);
  });

  it("sends again what a queue took and lost", async ({ expect }) => {
    const nowMs = Date.now();
    const sentAtMs = nowMs - MINUTE_MS - 5_000;
    const { orderId } = await placed({ occurredAtMs: sentAtMs, appendedAtMs: sentAtMs });
    await publishOrderEvents(ioAt(sentAtMs), recordingQueues().queues, [orderId]);
    const { queues, sent } = recordingQueues();
    await sweepOutbox(ioAt(nowMs - 6_000), queues);
    expect(orderIdsIn(sent.ORDERS_QUEUE)).not.toContain(orderId);
    await sweepOutbox(ioAt(nowMs), queues);
    expect(orderIdsIn(sent.ORDERS_QUEUE)).toContain(orderId);
  });

  it("walks past more failures than fit a batch", async ({ expect }) => {
    const nowMs = Date.now();
    const stuck: OrderId[] = [];
    for (let i = 0; i < 101; i += 1) {
      const appendedAtMs = nowMs - MINUTE_MS + i;
      const { orderId } = await placed({ appendedAtMs });
      await cancelOrder(ioAt(appendedAtMs), { orderId, actor: SHOPPER, reason: "", request: "r" });
      stuck.push(orderId);
    }
    const last = await placed({ appendedAtMs: nowMs - 15_000 });
    const { queues, sent } = recordingQueues(["COMMS_QUEUE"]);
    const { failed } = await sweepOutbox(ioAt(nowMs), queues);
    expect(failed).toBeGreaterThanOrEqual(200);
    expect(orderIdsIn(sent.ORDERS_QUEUE)).toContain(last.orderId);
    await sweepOutbox(ioAt(nowMs), recordingQueues().queues);
    expect(await marks(stuck[100]!)).toEqual([nowMs, nowMs]);
  });
});

describe("the clock of the operations Worker", () => {
  it("sweeps", async ({ expect }) => {
    const { orderId } = await placed({ appendedAtMs: Date.now() - 20_000 });
    const { queues, sent } = recordingQueues();
    const controller = createScheduledController({ cron: "* * * * *" });
    await operations.scheduled(controller, { ...env, ...queues });
    expect(sent.ORDERS_QUEUE.map(({ data }) => data)).toContainEqual({ orderId, sequence: 1 });
    expect((await marks(orderId))[0]).toBeGreaterThan(0);
  });
});
