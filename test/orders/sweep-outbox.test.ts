import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { cancelOrder, sweepOutbox } from "../../src/orders/index.ts";
import { appendEvents, markPublished, unpublished } from "../../src/orders/store.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import operations from "../../workers/operations/index.ts";
import { cancelled, captured, stream } from "./placed-order.ts";
import { ioAt, marks, placed, recordingQueues } from "./world.ts";

// Every test that sweeps stands in this file: a sweep takes all old events of the database, and tests
// of one file run one after another.

const SHOPPER = { kind: "shopper", id: "guest" } as const;
const { sql } = ioAt();

describe("the outbox", () => {
  it("pages by age and id, and forgets what was marked", async ({ expect }) => {
    const longAgo = Date.UTC(2001, 0, 1) + Math.floor(Math.random() * 1e9) * 1000;
    const events = stream([captured(2500), cancelled()]).map((event) => ({
      ...event,
      occurredAtMs: longAgo,
    }));
    await appendEvents(sql, events);
    const mine = new Set(events.map(({ orderId }) => orderId));
    const pageAfter = async (after?: Awaited<ReturnType<typeof unpublished>>[number]) =>
      (await unpublished(sql, { olderThanMs: longAgo, limit: 500, after })).filter(({ orderId }) =>
        mine.has(orderId),
      );
    const all = await pageAfter();
    expect(all.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    expect(await pageAfter(all[1])).toEqual([all[2]]);
    await markPublished(sql, [events[1]!.eventId], Date.now());
    expect((await pageAfter()).map(({ eventId }) => eventId)).toEqual([
      events[0]!.eventId,
      events[2]!.eventId,
    ]);
  });
});

describe("sweepOutbox", () => {
  it("publishes what was left behind and leaves the young to their owners", async ({ expect }) => {
    const nowMs = Date.now();
    const old = await placed({ occurredAtMs: nowMs - 11_000 });
    const young = await placed({ occurredAtMs: nowMs - 5_000 });
    const { queues, sent } = recordingQueues();
    const { swept, failed } = await sweepOutbox(ioAt(nowMs), queues);
    expect(swept).toBeGreaterThanOrEqual(1);
    expect(failed).toBe(0);
    const swepts = sent.ORDERS_QUEUE.map(({ data }) => (data as { orderId: string }).orderId);
    expect(swepts).toContain(old.orderId);
    expect(swepts).not.toContain(young.orderId);
    expect(await marks(old.orderId)).toEqual([nowMs]);
  });

  it("walks past more failures than fit a batch", async ({ expect }) => {
    const nowMs = Date.now();
    const occurredAtMs = nowMs - 60_000;
    const stuck: OrderId[] = [];
    for (let i = 0; i < 101; i += 1) {
      const { orderId } = await placed({ occurredAtMs: occurredAtMs + i });
      await cancelOrder(ioAt(occurredAtMs + i), {
        orderId,
        actor: SHOPPER,
        reason: "",
        request: "r",
      });
      stuck.push(orderId);
    }
    const last = await placed({ occurredAtMs: nowMs - 15_000 });
    const { queues, sent } = recordingQueues(["COMMS_QUEUE"]);
    const { failed } = await sweepOutbox(ioAt(nowMs), queues);
    expect(failed).toBeGreaterThanOrEqual(200);
    expect(sent.ORDERS_QUEUE.map(({ data }) => (data as { orderId: string }).orderId)).toContain(
      last.orderId,
    );
    await sweepOutbox(ioAt(nowMs), recordingQueues().queues);
    expect(await marks(stuck[100]!)).toEqual([nowMs, nowMs]);
  });
});

describe("the clock of the operations Worker", () => {
  it("sweeps", async ({ expect }) => {
    const { orderId } = await placed({ occurredAtMs: Date.now() - 20_000 });
    const { queues, sent } = recordingQueues();
    const controller = createScheduledController({ cron: "* * * * *" });
    await operations.scheduled(controller, { ...env, ...queues });
    expect(sent.ORDERS_QUEUE.map(({ data }) => data)).toContainEqual({ orderId, sequence: 1 });
    expect((await marks(orderId))[0]).toBeGreaterThan(0);
  });
});
