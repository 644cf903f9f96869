import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Gateway } from "../../local/gateways/gateway.ts";
import { startAdyen } from "../../local/processors/adyen.ts";
import { openAdyen } from "../../src/payments/adyen.ts";
import { adyenAmount, fromAdyenAmount } from "../../src/payments/adyen-amount.ts";
import { paymentMethodOf } from "../../src/payments/adyen-method.ts";
import type { AdyenItem } from "../../src/payments/adyen-standing.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { systemClock } from "../../src/shared/clock.ts";
import { money } from "../../src/shared/money.ts";
import { describeProcessor, found, type LedgerEntry, paymentRequest } from "./contract.ts";
import { type NotificationSink, startNotificationSink } from "./notification-sink.ts";

const API_KEY = "AQE_adapter";
const MERCHANT = "FrontageTest";
const SILENT = { byReference: async () => [], byPayment: async () => [] };
let dir: string;
let processor: Gateway;
let sink: NotificationSink;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "frontage-adyen-"));
  sink = await startNotificationSink();
  processor = await startAdyen({
    port: 0,
    dir,
    apiKey: API_KEY,
    merchantAccount: MERCHANT,
    hmacKey: "00".repeat(32),
    webhookUrl: sink.url,
  });
});
afterAll(async () => {
  await processor.close();
  await sink.close();
  rmSync(dir, { recursive: true, force: true });
});

type Overrides = { url?: string; secret?: string; merchant?: string; silent?: boolean };
const OPTIONS = {
  apiKey: API_KEY,
  merchantAccount: MERCHANT,
  timeoutMs: 400,
  meter: new Meter(),
  clock: systemClock,
  settleMs: 5_000,
};
const adyen = (overrides: Overrides = {}) =>
  openAdyen({
    ...OPTIONS,
    url: `${overrides.url ?? processor.url}/v71`,
    apiKey: overrides.secret ?? API_KEY,
    merchantAccount: overrides.merchant ?? MERCHANT,
    meter: new Meter(),
    notifications: overrides.silent ? SILENT : sink.notifications,
  });
const ledgerOf = async (checkoutId: string): Promise<LedgerEntry[]> => {
  const answer = await fetch(`${processor.url}/ledger?checkoutId=${checkoutId}`);
  return ((await answer.json()) as { entries: LedgerEntry[] }).entries;
};

describeProcessor("Adyen", { open: adyen, ledgerOf });

describe("Adyen, which cannot be asked for a payment", () => {
  it("answers a repeat of the very request, without paying twice", async ({ expect }) => {
    const request = paymentRequest("tok_timeout_after");
    await adyen().authorize(request);
    const hints = { request, sentAtMs: Date.now() };
    const answered = await adyen({ silent: true }).find(request.key, hints);
    expect(answered).toMatchObject({ kind: "approved", amount: request.amount });
    expect(await ledgerOf(request.checkoutId)).toHaveLength(1);
  });

  it("never takes a repeat that was not executed for the first request", async ({ expect }) => {
    const request = paymentRequest("tok_timeout_after");
    await adyen().authorize(request);
    const refusing = adyen({ silent: true, secret: "rotated" });
    await expect(
      refusing.find(request.key, { request, sentAtMs: Date.now() }),
    ).rejects.toMatchObject({ name: "DependencyDown" });
  });

  it("neither repeats nor cancels in between: a repeat cannot revive what was cancelled", async ({
    expect,
  }) => {
    const request = paymentRequest("tok_ok");
    const sentAtMs = Date.now() - 7_000;
    await expect(
      adyen({ silent: true }).find(request.key, { request, sentAtMs }),
    ).rejects.toMatchObject({ name: "DependencyDown" });
    expect(await ledgerOf(request.checkoutId)).toEqual([]);
  });

  it("voids by our reference what nobody waits for any more", async ({ expect }) => {
    const request = paymentRequest("tok_ok");
    await adyen().authorize(request);
    // Its own notification was lost: only the cancel's comes.
    const forgetful = openAdyen({
      url: `${processor.url}/v71`,
      apiKey: API_KEY,
      merchantAccount: MERCHANT,
      timeoutMs: 400,
      meter: new Meter(),
      clock: systemClock,
      settleMs: 5_000,
      notifications: {
        byPayment: sink.notifications.byPayment,
        byReference: async (reference) =>
          (await sink.notifications.byReference(reference)).filter(
            ({ eventCode }) => eventCode !== "AUTHORISATION",
          ),
      },
    });
    expect((await found(forgetful, request.key, { sentAtMs: 0 })).kind).toBe("voided");
    const kinds = (await ledgerOf(request.checkoutId)).map(({ kind }) => kind);
    expect(kinds).toEqual(["authorize", "void"]);
  });

  it("takes a capture of other money for none", async ({ expect }) => {
    const request = paymentRequest("tok_ok");
    const outcome = await adyen().authorize(request);
    if (outcome.kind !== "approved") throw new Error(outcome.kind);
    const { paymentId } = outcome;
    const less = money(request.amount.amount - 1, "USD");
    await adyen().capture({ paymentId, amount: less, key: `${request.key}:less` });
    await found(adyen(), request.key);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const whole = { paymentId, amount: request.amount, key: `${request.key}:whole` };
    expect((await adyen().capture(whole)).kind).toBe("accepted");
    expect((await adyen().capture({ ...whole, amount: less })).kind).toBe("captured");
  });

  it("accepts a capture and a refund at once, and tells a refusal by the key it was asked under", async ({
    expect,
  }) => {
    const request = paymentRequest("tok_ok");
    const outcome = await adyen().authorize(request);
    if (outcome.kind !== "approved") throw new Error(outcome.kind);
    const { paymentId } = outcome;
    const told: AdyenItem[] = [];
    const notified = openAdyen({
      ...OPTIONS,
      url: `${processor.url}/v71`,
      notifications: { byReference: async () => told, byPayment: async () => told },
    });
    const asked = { paymentId, amount: request.amount, key: "capture:ord_1" };
    expect(await notified.capture(asked)).toEqual({ kind: "accepted" });
    const item = (eventCode: string, success: "true" | "false", merchantReference: string) => ({
      amount: { currency: "USD", value: request.amount.amount },
      eventCode,
      merchantAccountCode: MERCHANT,
      merchantReference,
      originalReference: paymentId,
      pspReference: `psp_${merchantReference}`,
      reason: success === "true" ? "" : "Insufficient balance on payment",
      success,
    });
    told.push(item("CAPTURE", "false", asked.key));
    expect(await notified.capture(asked)).toEqual({
      kind: "refused",
      reason: "Insufficient balance on payment",
    });
    const again = { ...asked, key: "capture:ord_1:2" };
    expect(await notified.capture(again)).toEqual({ kind: "accepted" });
    told.push(item("CAPTURE", "true", again.key));
    expect((await notified.capture(again)).kind).toBe("captured");
    const back = { ...asked, key: "refund:ord_1:ref_1" };
    expect(await notified.refund(back)).toEqual({ kind: "accepted" });
    told.push(item("REFUND", "false", back.key));
    expect((await notified.refund(back)).kind).toBe("refused");
  });

  it("takes no payment for another merchant account", async ({ expect }) => {
    const request = paymentRequest("tok_ok");
    expect((await adyen({ merchant: "Other" }).authorize(request)).kind).toBe("not_executed");
  });
});

describe("Adyen's shapes", () => {
  it("knows a stored card, an encrypted one, and nothing that shows a number", ({ expect }) => {
    expect(paymentMethodOf("8415")).toEqual({ type: "scheme", storedPaymentMethodId: "8415" });
    const card = {
      encryptedCardNumber: "adyenjs_1",
      encryptedExpiryMonth: "adyenjs_2",
      encryptedExpiryYear: "adyenjs_3",
    };
    expect(paymentMethodOf(JSON.stringify(card))).toEqual({ type: "scheme", ...card });
    for (const bad of [{ ...card, number: "4111111111111111" }, { number: "4111" }]) {
      expect(paymentMethodOf(JSON.stringify(bad))).toBeUndefined();
    }
    expect(paymentMethodOf("{not json")).toBeUndefined();
  });

  it("counts the decimals of a currency as Adyen does", ({ expect }) => {
    const cases = [
      [money(1_999, "USD"), 1_999],
      [money(500, "JPY"), 500],
      [money(500, "ISK"), 50_000],
      [money(1_234, "KWD"), 1_234],
    ] as const;
    for (const [amount, value] of cases) {
      expect(adyenAmount(amount)).toEqual({ currency: amount.currency, value });
      expect(fromAdyenAmount({ currency: amount.currency, value })).toEqual(amount);
    }
    expect(fromAdyenAmount({ currency: "ISK", value: 50_001 })).toBeUndefined();
  });
});
