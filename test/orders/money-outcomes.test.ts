import { describe, it } from "vitest";
import { capturePayment } from "../../src/orders/capture-payment.ts";
import { executeRefunds } from "../../src/orders/execute-refunds.ts";
import { cancelOrder } from "../../src/orders/index.ts";
import { listUnsettled } from "../../src/orders/list-unsettled.ts";
import { recordFact } from "../../src/orders/record-fact.ts";
import { refundCancelled } from "../../src/orders/refund-cancelled.ts";
import { requestRefund } from "../../src/orders/request-refund.ts";
import { readEvents } from "../../src/orders/store.ts";
import type { PaymentProcessor, Processors } from "../../src/payments/index.ts";
import { listPaymentAlerts } from "../../src/payments/index.ts";
import type { CaptureOutcome, RefundOutcome } from "../../src/payments/model.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { call } from "../support/worker-shop.ts";
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

describe("a processor that only accepts what it is asked", () => {
  const { queues } = recordingQueues();
  const capturing = (...outcomes: CaptureOutcome[]) => {
    const keys: string[] = [];
    const processors = scripted({
      capture: async ({ key }) => {
        keys.push(key);
        return outcomes.shift() ?? { kind: "accepted" };
      },
    });
    return { keys, capture: (id: OrderId) => capturePayment(ioAt(), { processors, queues }, id) };
  };

  it("leaves the payment pending until it has told of the capture, and asks by one key", async ({
    expect,
  }) => {
    const { orderId, body } = await placed();
    const { paymentId } = body.payment;
    const told = { kind: "captured", paymentId } as const;
    const { keys, capture } = capturing({ kind: "accepted" }, { kind: "accepted" }, told);
    expect(await capture(orderId)).toBe("accepted");
    expect(await capture(orderId)).toBe("accepted");
    expect(await orderNow(orderId)).toMatchObject({
      status: "placed",
      payment: { status: "pending", captured: 0 },
      version: 2,
    });
    expect(await capture(orderId)).toBe("captured");
    expect(await orderNow(orderId)).toMatchObject({ status: "paid", version: 3 });
    expect(new Set(keys)).toEqual(new Set([`capture:${orderId}`]));
  });

  it("records a refused capture once, alerts, and captures again when somebody asks", async ({
    expect,
  }) => {
    const { orderId, body } = await placed();
    const { paymentId } = body.payment;
    const refused = { kind: "refused", reason: "Insufficient balance on payment" } as const;
    const told = { kind: "captured", paymentId } as const;
    const { keys, capture } = capturing({ kind: "accepted" }, refused, told);
    await capture(orderId);
    expect(await capture(orderId)).toBe("refused");
    expect(await capture(orderId)).toBe("not_needed");
    expect(await orderNow(orderId)).toMatchObject({
      status: "placed",
      payment: { status: "failed" },
    });
    const alerts = await listPaymentAlerts(ioAt(), { limit: 100, before: undefined });
    expect(alerts.map(({ id }) => id)).toContain(`capture_refused:capture:${orderId}`);
    const again = () =>
      call<{ payment: { status: string } }>("POST", `/ops/v1/orders/${orderId}/capture`, {
        body: {},
        headers: { "Idempotency-Key": `again-${orderId}` },
      });
    expect((await again()).body.payment.status).toBe("authorized");
    expect((await again()).status).toBe(200);
    expect(await capture(orderId)).toBe("captured");
    expect(keys.at(-1)).toBe(`capture:${orderId}:2`);
    const late = await call("POST", `/ops/v1/orders/${orderId}/capture`, { body: {} });
    expect(late.status).toBe(409);
    expect(await typesOf(orderId)).toEqual([
      "order.placed.v1",
      "payment.capture_accepted.v1",
      "payment.capture_failed.v1",
      "payment.capture_requested.v1",
      "payment.captured.v1",
    ]);
  });

  it("takes a person's word for a capture of which it never told, with proof, once", async ({
    expect,
  }) => {
    const { orderId, body } = await placed();
    const proof = { reference: "PSP0000000000001", note: "settlement report, line 12" };
    const confirm = (sent: object = proof) =>
      call("POST", `/ops/v1/orders/${orderId}/capture/confirm`, { body: sent });
    expect((await confirm()).status, "nothing was accepted yet").toBe(409);

    const told = { kind: "captured", paymentId: body.payment.paymentId } as const;
    const { capture } = capturing({ kind: "accepted" }, { kind: "accepted" }, told);
    await capture(orderId);
    expect((await confirm({ ...proof, note: " " })).status).toBe(422);
    expect((await confirm()).body).toMatchObject({
      status: "paid",
      payment: { status: "captured", captured: body.payment.authorized },
    });
    // Again, by two at once, and by the processor at last: it is known.
    await Promise.all([confirm(), confirm()]);
    expect(await capture(orderId)).toBe("not_needed");
    const events = await readEvents(ioAt().sql, orderId);
    expect(events.map(({ type }) => type)).toEqual([
      "order.placed.v1",
      "payment.capture_accepted.v1",
      "payment.captured.v1",
    ]);
    expect(events.at(-1)).toMatchObject({ actor: { kind: "staff" }, data: { proof } });
  });

  it("writes one capture when a person and its own word come at once", async ({ expect }) => {
    const { orderId, body } = await placed();
    const told = { kind: "captured", paymentId: body.payment.paymentId } as const;
    const { capture } = capturing({ kind: "accepted" }, told);
    await capture(orderId);
    const proof = { reference: "PSP0000000000002", note: "its page" };
    const confirm = call("POST", `/ops/v1/orders/${orderId}/capture/confirm`, { body: proof });
    await Promise.all([confirm, capture(orderId)]);
    expect((await typesOf(orderId)).filter((type) => type === "payment.captured.v1")).toHaveLength(
      1,
    );
  });

  it("sends the money back of a cancelled order whose capture a person saw", async ({ expect }) => {
    const { orderId } = await placed();
    const { capture } = capturing({ kind: "accepted" });
    await capture(orderId);
    await cancel(orderId);
    const proof = { reference: "PSP0000000000003", note: "its page" };
    await call("POST", `/ops/v1/orders/${orderId}/capture/confirm`, { body: proof });
    expect(await orderNow(orderId)).toMatchObject({
      status: "cancelled",
      payment: { status: "captured" },
    });
    const refund = async () => ({ kind: "refunded", refundId: "ref_1" }) as const;
    const processors = scripted({ refund });
    await refundCancelled(ioAt(), { processors, queues }, orderId);
    expect((await orderNow(orderId)).payment.status).toBe("refunded");
  });

  it("frees the money of an order whose capture it refused, once that is cancelled", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    const { capture } = capturing({ kind: "refused", reason: "no" });
    await capture(orderId);
    await cancel(orderId);
    const processors = scripted({ void: async () => ({ kind: "voided" }) });
    expect(await refundCancelled(ioAt(), { processors, queues }, orderId)).toBe("voided");
    expect((await orderNow(orderId)).payment.status).toBe("voided");
  });

  it("leaves a refund pending until it has told, without a message that waits for it", async ({
    expect,
  }) => {
    const { orderId } = await placed();
    await recordFact(ioAt(), { orderId, actor: "test", fact: captured(2500) });
    const actor = { kind: "staff", id: "tester" } as const;
    const wish = { amountMinor: 700 };
    await requestRefund(ioAt(), { orderId, actor, wish, reason: "late", request: "r" });
    const outcomes: RefundOutcome[] = [
      { kind: "accepted" },
      { kind: "refunded", refundId: "psp_1" },
    ];
    const processors = scripted({ refund: async () => outcomes.shift()! });
    const deps = { processors, queues, creditAll: async () => {} };
    expect(await executeRefunds(ioAt(), deps, orderId)).toBe("settled");
    expect((await orderNow(orderId)).refunds).toMatchObject([{ status: "pending" }]);
    const later = ioAt(Date.now() + 5 * 60_000);
    const open = await listUnsettled(later, 1_000);
    expect(open.map((each) => each.orderId)).toContain(orderId);
    expect(await executeRefunds(ioAt(), deps, orderId)).toBe("settled");
    expect((await orderNow(orderId)).refunds).toMatchObject([{ status: "refunded" }]);
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
