import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { Gateway } from "../../local/gateways/gateway.ts";
import { startStripe } from "../../local/processors/stripe.ts";
import { openStripe } from "../../src/payments/stripe.ts";
import { Meter } from "../../src/platform/telemetry/meter.ts";
import { money } from "../../src/shared/money.ts";

const SECRET = "sk_test_adapter";
const TIMEOUT_MS = 400;
let dir: string;
let processor: Gateway;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "frontage-stripe-"));
  processor = await startStripe({ port: 0, dir, secretKey: SECRET });
});
afterAll(async () => {
  await processor.close();
  rmSync(dir, { recursive: true, force: true });
});

const stripe = (overrides: { url?: string; secretKey?: string } = {}) =>
  openStripe({
    url: processor.url,
    secretKey: SECRET,
    timeoutMs: TIMEOUT_MS,
    meter: new Meter(),
    ...overrides,
  });

let count = 0;
const request = (token: string) => {
  count += 1;
  const checkoutId = `chk_${count}`;
  const amount = money(2_499, "USD");
  return { key: `${checkoutId}:1`, checkoutId, orderId: `ord_${count}`, amount, token };
};
type Entry = { kind: string; ok: boolean; amount: number };
const ledgerOf = async (checkoutId: string): Promise<Entry[]> => {
  const answer = await fetch(`${processor.url}/ledger?checkoutId=${checkoutId}`);
  return ((await answer.json()) as { entries: Entry[] }).entries;
};
async function authorized() {
  const asked = request("tok_ok");
  const outcome = await stripe().authorize(asked);
  if (outcome.kind !== "approved") throw new Error(outcome.kind);
  return { ...asked, paymentId: outcome.paymentId };
}

describe("authorize", () => {
  it("is approved for exactly what was asked, and only once per key", async ({ expect }) => {
    const asked = request("tok_ok");
    const [first, again] = [await stripe().authorize(asked), await stripe().authorize(asked)];
    expect(first).toMatchObject({ kind: "approved", amount: asked.amount });
    expect(again).toEqual(first);
    expect((await ledgerOf(asked.checkoutId)).map(({ kind }) => kind)).toEqual(["authorize"]);
  });

  for (const token of ["tok_declined", "tok_insufficient_funds"]) {
    it(`${token} is a decline with its reason`, async ({ expect }) => {
      const outcome = await stripe().authorize(request(token));
      expect(outcome.kind).toBe("declined");
    });
  }

  it("knows nothing after a 500, a silence, or a cut connection", async ({ expect }) => {
    for (const token of ["tok_error_before", "tok_timeout_after", "tok_refused_connection"]) {
      expect((await stripe().authorize(request(token))).kind, token).toBe("unknown");
    }
  });

  it("surely did not happen with credentials that the processor refuses", async ({ expect }) => {
    const asked = request("tok_ok");
    const outcome = await stripe({ secretKey: "sk_wrong" }).authorize(asked);
    expect(outcome.kind).toBe("not_executed");
    expect(await ledgerOf(asked.checkoutId)).toEqual([]);
  });
});

describe("find", () => {
  it("tells money that moved from money that did not", async ({ expect }) => {
    const [moved, not] = [request("tok_timeout_after"), request("tok_error_before")];
    await stripe().authorize(moved);
    await stripe().authorize(not);
    expect(await stripe().find(moved.key)).toMatchObject({
      kind: "approved",
      amount: moved.amount,
    });
    expect(await stripe().find(not.key)).toEqual({ kind: "none" });
  });

  it("says that it cannot ask, rather than that nothing is there", async ({ expect }) => {
    const away = stripe({ url: "http://127.0.0.1:9" });
    await expect(away.find("chk_1:1")).rejects.toMatchObject({ name: "DependencyDown" });
  });
});

describe("capture, void and refund", () => {
  it("capture once, whatever the key says", async ({ expect }) => {
    const { paymentId, amount, checkoutId } = await authorized();
    for (const key of ["c1", "c1", "c2"]) {
      const captured = await stripe().capture({ paymentId, amount, key: `${checkoutId}${key}` });
      expect(captured).toEqual({ kind: "captured", paymentId });
    }
    const captures = (await ledgerOf(checkoutId)).filter(
      ({ kind, ok }) => kind === "capture" && ok,
    );
    expect(captures).toHaveLength(1);
  });

  it("void what is authorized, and say so to a capture that comes too late", async ({ expect }) => {
    const { paymentId, amount, checkoutId } = await authorized();
    expect(await stripe().void({ paymentId, key: `${checkoutId}v` })).toEqual({ kind: "voided" });
    expect(await stripe().void({ paymentId, key: `${checkoutId}w` })).toEqual({ kind: "voided" });
    const late = await stripe().capture({ paymentId, amount, key: `${checkoutId}c` });
    expect(late).toEqual({ kind: "voided" });
    expect(await stripe().find(`${checkoutId}:1`)).toEqual({ kind: "voided", paymentId });
  });

  it("cannot void what is captured, and refund it once per key", async ({ expect }) => {
    const { paymentId, amount, checkoutId } = await authorized();
    await stripe().capture({ paymentId, amount, key: `${checkoutId}c` });
    expect(await stripe().void({ paymentId, key: `${checkoutId}v` })).toEqual({ kind: "captured" });
    const refund = () => stripe().refund({ paymentId, amount, key: `${checkoutId}r` });
    const [first, again] = [await refund(), await refund()];
    expect(first.kind).toBe("refunded");
    expect(again).toEqual(first);
    const more = await stripe().refund({ paymentId, amount, key: `${checkoutId}s` });
    expect(more.kind).toBe("refused");
  });

  it("know nothing while the processor is away", async ({ expect }) => {
    const { paymentId, amount } = await authorized();
    const away = stripe({ url: "http://127.0.0.1:9" });
    expect((await away.capture({ paymentId, amount, key: "x" })).kind).toBe("unknown");
    expect((await away.void({ paymentId, key: "x" })).kind).toBe("unknown");
    expect((await away.refund({ paymentId, amount, key: "x" })).kind).toBe("unknown");
  });
});
