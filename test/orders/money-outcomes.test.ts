import { describe, it } from "vitest";
import { capturePayment } from "../../src/orders/capture-payment.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { refundCancelled } from "../../src/orders/refund-cancelled.ts";
import { readEvents } from "../../src/orders/store.ts";
import type { PaymentProcessor, Processors } from "../../src/payments/index.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { captured } from "./placed-order.ts";
import { ioAt, orderNow, placed, recordingQueues } from "./world.ts";

/** A processor that answers as the test says; a verb that the test did not expect fails it. */
function scripted(script: Partial<PaymentProcessor>): Processors {
  const unexpected = (verb: string) => async () => {
    throw new Error(`${verb} was not expected`);
  };
  const processor: PaymentProcessor = {
    name: "stripe",
    authorize: unexpected("authorize"),
    capture: unexpected("capture"),
    void: unexpected("void"),
    refund: unexpected("refund"),
    find: unexpected("find"),
    ping: unexpected("ping"),
    ...script,
  };
  const byName = (name: string) => (name === "stripe" ? processor : undefined);
  return { order: [processor], byName };
}

const cancel = (orderId: OrderId) =>
  cancelOrder(ioAt(), {
    orderId,
    actor: { kind: "shopper", id: "guest" },
    reason: "",
    request: "r",
  });
const typesOf = async (orderId: OrderId) =>
  (await readEvents(ioAt().sql, orderId)).map(({ type }) => type);

describe("capturePayment", () => {
  it("writes a capture down that a cancellation overtook, and has its money sent back", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    const { queues, sent } = recordingQueues();
    const processors = scripted({
      capture: async ({ paymentId }) => {
        await cancel(orderId);
        return { kind: "captured", paymentId };
      },
    });
    expect(await capturePayment(ioAt(), { processors, queues }, orderId)).toBe("captured");
    expect(await typesOf(orderId)).toEqual([
      "order.placed.v1",
      "order.cancelled.v1",
      "payment.captured.v1",
    ]);
    expect(sent.REFUNDS_QUEUE.map(({ type }) => type)).toContain("payment.captured.v1");
  });

  it("writes nothing when the cancellation won at the processor", async ({ expect }) => {
    const { orderId } = await placed();
    const processors = scripted({
      capture: async () => {
        await cancel(orderId);
        return { kind: "voided" };
      },
    });
    const { queues } = recordingQueues();
    expect(await capturePayment(ioAt(), { processors, queues }, orderId)).toBe("not_needed");
    expect(await typesOf(orderId)).toEqual(["order.placed.v1", "order.cancelled.v1"]);
  });

  it("does not pass over an authorization that vanished under an order that stands", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    const processors = scripted({ capture: async () => ({ kind: "voided" }) });
    const { queues } = recordingQueues();
    const capture = capturePayment(ioAt(), { processors, queues }, orderId);
    await expect(capture).rejects.toThrow("authorization is gone");
  });

  it("writes nothing down while the outcome is unknown", async ({ expect }) => {
    const { orderId } = await placed();
    const processors = scripted({ capture: async () => ({ kind: "unknown", reason: "timeout" }) });
    const { queues, sent } = recordingQueues();
    const capture = capturePayment(ioAt(), { processors, queues }, orderId);
    await expect(capture).rejects.toThrow("processor is unavailable");
    expect(await typesOf(orderId)).toEqual(["order.placed.v1"]);
    expect(sent.COMMS_QUEUE).toEqual([]);
  });

  it("is done once the capture is written, also when its message cannot be sent", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    const processors = scripted({
      capture: async ({ paymentId }) => ({ kind: "captured", paymentId }),
    });
    const { queues } = recordingQueues(["COMMS_QUEUE", "ORDERS_QUEUE"]);
    expect(await capturePayment(ioAt(), { processors, queues }, orderId)).toBe("captured");
    expect((await orderNow(orderId)).status).toBe("paid");
  });
});

describe("refundCancelled", () => {
  const { queues } = recordingQueues();

  it("refunds under the order's own key what was captured, and asks nobody twice", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
    await cancel(orderId);
    const asked: unknown[] = [];
    const processors = scripted({
      refund: async ({ amount, key }) => {
        asked.push({ amount, key });
        return { kind: "refunded", refundId: "re_1" };
      },
    });
    expect(await refundCancelled(ioAt(), { processors, queues }, orderId)).toBe("refunded");
    expect(await refundCancelled(ioAt(), { processors, queues }, orderId)).toBe("not_needed");
    expect(asked).toEqual([
      { amount: { amount: 2500, currency: "USD" }, key: `refund:${orderId}` },
    ]);
  });

  it.for([
    ["unknown", "processor is unavailable"],
    ["refused", "refuses to refund"],
  ] as const)("does not take %s for money back", async ([kind, message], { expect }) => {
    const { orderId } = await placed();
    await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
    await cancel(orderId);
    const processors = scripted({ refund: async () => ({ kind, reason: "because" }) });
    const refund = refundCancelled(ioAt(), { processors, queues }, orderId);
    await expect(refund).rejects.toThrow(message);
    expect((await orderNow(orderId)).payment).toMatchObject({ status: "captured", refunded: 0 });
  });

  it("does not take an unknown void for one", async ({ expect }) => {
    const { orderId } = await placed();
    await cancel(orderId);
    const processors = scripted({ void: async () => ({ kind: "unknown", reason: "timeout" }) });
    const refund = refundCancelled(ioAt(), { processors, queues }, orderId);
    await expect(refund).rejects.toThrow("processor is unavailable");
    expect((await orderNow(orderId)).payment.status).toBe("authorized");
  });
});
