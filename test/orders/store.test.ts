import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import type { OrderEvent } from "../../src/orders/index.ts";
import { orders } from "../../src/orders/schema.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { appendEvents, projectOrders, readEvents } from "../../src/orders/store.ts";
import { cancelled, captured, PLACED_AT_MS, refunded, stream } from "./placed-order.ts";
import { ioAt } from "./world.ts";

const { sql } = ioAt();
const now = { status: "placed", nowMs: Date.now() } as const;

describe("appendEvents", () => {
  it("gives back exactly what was written, whatever a shopper's name is made of", async ({
    expect,
  }) => {
    const events = stream([
      captured(2500),
      cancelled("it’s “late” \\ '); DROP TABLE orders; -- 🙈"),
    ]);
    const [first] = events as [OrderEvent];
    if (first.type === "order.placed.v1") first.data.shippingAddress.name = 'O\'Neil "\\" 名前\n';
    expect(await appendEvents(sql, events, now)).toBe("appended");
    const read = await readEvents(sql, first.orderId);
    // Stored as it was given; read as the schema takes it: a name is trimmed.
    if (first.type === "order.placed.v1") first.data.shippingAddress.name = 'O\'Neil "\\" 名前';
    expect(read).toEqual(events);
  });

  it("lets one of many writers of the same place win", async ({ expect }) => {
    const events = stream([captured(2500)]) as [OrderEvent, OrderEvent];
    await appendEvents(sql, [events[0]], now);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => appendEvents(ioAt().sql, [events[1]], now)),
    );
    expect(results.filter((result) => result === "appended")).toHaveLength(1);
    expect(await readEvents(sql, events[0].orderId)).toHaveLength(2);
  });

  it("writes several events together or none", async ({ expect }) => {
    const [first, second, third] = stream([captured(2500), refunded(2500)]) as [
      OrderEvent,
      OrderEvent,
      OrderEvent,
    ];
    await appendEvents(sql, [first, second], now);
    const rival = { ...third, sequence: 4 };
    expect(await appendEvents(sql, [rival, second], now)).toBe("conflict");
    expect(await readEvents(sql, first.orderId)).toHaveLength(2);
  });
});

describe("readEvents", () => {
  it("stops at the moment asked for, both ends included", async ({ expect }) => {
    const events = stream([captured(2500), cancelled()]);
    await appendEvents(sql, events, now);
    const { orderId } = events[0]!;
    const lengthAt = async (atMs: number) => (await readEvents(sql, orderId, atMs)).length;
    expect(await lengthAt(PLACED_AT_MS - 1)).toBe(0);
    expect(await lengthAt(PLACED_AT_MS)).toBe(1);
    expect(await lengthAt(PLACED_AT_MS + 1999)).toBe(2);
    expect(await lengthAt(PLACED_AT_MS + 2000)).toBe(3);
  });

  it("takes one statement", async ({ expect }) => {
    const events = stream([captured(2500), cancelled()]);
    await appendEvents(sql, events, now);
    const io = ioAt();
    await readEvents(io.sql, events[0]!.orderId);
    expect(io.meter.steps).toHaveLength(1);
  });
});

describe("projectOrders", () => {
  it("follows the order forward and never back", async ({ expect }) => {
    const events = stream([captured(2500), cancelled(), refunded(2500)]);
    const versions = events.map((_, at) => foldOrder(events.slice(0, at + 1))!);
    const { id } = versions[0]!;
    const row = async () => {
      const [found] = await sql.select().from(orders).where(eq(orders.orderId, id));
      return found;
    };
    await projectOrders(sql, [versions[1]!]);
    expect(await row()).toMatchObject({ status: "paid", capturedMinor: 2500, version: 2 });
    await projectOrders(sql, [versions[3]!]);
    const latest = await row();
    expect(latest).toMatchObject({
      status: "cancelled",
      paymentStatus: "refunded",
      refundedMinor: 2500,
      version: 4,
      placedAtMs: PLACED_AT_MS,
      updatedAtMs: PLACED_AT_MS + 3000,
    });
    await projectOrders(sql, [versions[0]!, versions[2]!]);
    expect(await row()).toEqual(latest);
  });
});
