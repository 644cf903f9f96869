import { describe, it } from "vitest";
import type { PaymentProcessor } from "../../src/payments/model.ts";
import { money } from "../../src/shared/money.ts";

export type LedgerEntry = { kind: string; ok: boolean; amount: number };

/** A processor of the test's own behind one adapter. */
export type Subject = {
  open(overrides?: { url?: string; secret?: string }): PaymentProcessor;
  ledgerOf(checkoutId: string): Promise<LedgerEntry[]>;
};

const NOBODY = "http://127.0.0.1:9";
const LONG_AGO = { sentAtMs: 0 };
let count = 0;

export const paymentRequest = (token: string) => {
  count += 1;
  const checkoutId = `chk_${count}`;
  const amount = money(2_499, "USD");
  return { key: `${checkoutId}:1`, checkoutId, orderId: `ord_${count}`, amount, token };
};

/** Repeats under the same key until it is known what came of it, as the reconciler does. */
async function settled<T extends { kind: string }>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 0; tried < 60; tried += 1) {
    const outcome = await ask();
    if (outcome.kind !== "unknown" && outcome.kind !== "accepted") return outcome;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("still unknown");
}

/** Asks as long as the processor does not know yet. */
export const found = (processor: PaymentProcessor, key: string, hints?: { sentAtMs: number }) =>
  settled(() =>
    processor.find(key, hints).catch((error: unknown) => {
      if ((error as Error).name === "DependencyDown") return { kind: "unknown" as const };
      throw error;
    }),
  );

/** What every adapter of the port promises, whatever the processor behind it is like. */
export function describeProcessor(name: string, subject: Subject): void {
  const open = () => subject.open();
  async function authorized() {
    const asked = paymentRequest("tok_ok");
    const outcome = await open().authorize(asked);
    if (outcome.kind !== "approved") throw new Error(outcome.kind);
    return { ...asked, paymentId: outcome.paymentId };
  }
  const movements = async (checkoutId: string) =>
    (await subject.ledgerOf(checkoutId)).filter(({ ok }) => ok).map(({ kind }) => kind);

  describe(`${name} authorizes`, () => {
    it("exactly what was asked, and only once per key", async ({ expect }) => {
      const asked = paymentRequest("tok_ok");
      const [first, again] = [await open().authorize(asked), await open().authorize(asked)];
      expect(first).toMatchObject({ kind: "approved", amount: asked.amount });
      expect(again).toEqual(first);
      expect(await movements(asked.checkoutId)).toEqual(["authorize"]);
    });

    it("nothing that the bank declines, and says why", async ({ expect }) => {
      for (const token of ["tok_declined", "tok_insufficient_funds"]) {
        const asked = paymentRequest(token);
        const outcome = await open().authorize(asked);
        expect(outcome, token).toMatchObject({
          kind: "declined",
          reason: expect.stringMatching(/./),
        });
        expect(await movements(asked.checkoutId)).toEqual([]);
      }
    });

    it("76 · and knows nothing after a 500, a silence, or a cut connection", async ({ expect }) => {
      for (const token of ["tok_error_before", "tok_timeout_after", "tok_refused_connection"]) {
        const outcome = await open().authorize(paymentRequest(token));
        expect(outcome.kind, token).toBe("unknown");
      }
    });

    it("surely nothing with credentials that the processor refuses", async ({ expect }) => {
      const asked = paymentRequest("tok_ok");
      const outcome = await subject.open({ secret: "wrong" }).authorize(asked);
      expect(outcome.kind).toBe("not_executed");
      expect(await subject.ledgerOf(asked.checkoutId)).toEqual([]);
    });
  });

  describe(`${name} finds`, () => {
    it("money that moved although no answer came", async ({ expect }) => {
      const asked = paymentRequest("tok_timeout_after");
      await open().authorize(asked);
      const payment = await found(open(), asked.key);
      expect(payment).toMatchObject({ kind: "approved", amount: asked.amount });
    });

    it("no money that never moved, once it must have settled", async ({ expect }) => {
      const asked = paymentRequest("tok_error_before");
      await open().authorize(asked);
      expect(await found(open(), asked.key, LONG_AGO)).toEqual({ kind: "none" });
      expect(await movements(asked.checkoutId)).toEqual([]);
    });

    it("what became of an authorization", async ({ expect }) => {
      const { paymentId, amount, key } = await authorized();
      expect(await found(open(), key)).toEqual({ kind: "approved", paymentId, amount });
      await settled(() => open().capture({ paymentId, amount, key: `${key}:c` }));
      expect(await found(open(), key)).toEqual({ kind: "captured", paymentId, amount });
    });

    it("nothing out, rather than nothing there, when it cannot ask", async ({ expect }) => {
      const away = subject.open({ url: NOBODY });
      await expect(away.find("chk_none:1", LONG_AGO)).rejects.toMatchObject({
        name: "DependencyDown",
      });
    });
  });

  describe(`${name} is asked whether it is well`, () => {
    it("and says so, without moving anything", async ({ expect }) => {
      expect(await open().ping()).toBe(true);
      expect(await subject.open({ url: NOBODY }).ping()).toBe(false);
      expect(await subject.open({ secret: "wrong" }).ping()).toBe(false);
    });
  });

  describe(`${name} moves what it authorized`, () => {
    it("by one capture, whatever the key says", async ({ expect }) => {
      const { paymentId, amount, checkoutId } = await authorized();
      for (const key of ["c1", "c1", "c2"]) {
        const captured = await settled(() =>
          open().capture({ paymentId, amount, key: `${checkoutId}${key}` }),
        );
        expect(captured).toEqual({ kind: "captured", paymentId });
      }
      expect(await movements(checkoutId)).toEqual(["authorize", "capture"]);
    });

    it("by a void, and tells a capture that comes too late", async ({ expect }) => {
      const { paymentId, amount, checkoutId, key } = await authorized();
      for (const name of ["v", "w"]) {
        const voided = await settled(() => open().void({ paymentId, key: `${checkoutId}${name}` }));
        expect(voided).toEqual({ kind: "voided" });
      }
      const late = await settled(() =>
        open().capture({ paymentId, amount, key: `${checkoutId}c` }),
      );
      expect(late).toEqual({ kind: "voided" });
      expect(await found(open(), key)).toEqual({ kind: "voided", paymentId });
      expect(await movements(checkoutId)).toEqual(["authorize", "void"]);
    });

    it("back once per key, and never more than was captured", async ({ expect }) => {
      const { paymentId, amount, checkoutId } = await authorized();
      await settled(() => open().capture({ paymentId, amount, key: `${checkoutId}c` }));
      const voided = await settled(() => open().void({ paymentId, key: `${checkoutId}v` }));
      expect(voided).toEqual({ kind: "captured" });
      const refund = (key: string) =>
        settled(() => open().refund({ paymentId, amount, key: `${checkoutId}${key}` }));
      const first = await refund("r");
      expect(first.kind).toBe("refunded");
      expect(await refund("r")).toEqual(first);
      expect((await refund("s")).kind).toBe("refused");
      expect(await movements(checkoutId)).toEqual(["authorize", "capture", "refund"]);
    });

    it("not while it is away: then nothing is known", async ({ expect }) => {
      const { paymentId, amount } = await authorized();
      const away = subject.open({ url: NOBODY });
      expect((await away.capture({ paymentId, amount, key: "x" })).kind).toBe("unknown");
      expect((await away.void({ paymentId, key: "x" })).kind).toBe("unknown");
      expect((await away.refund({ paymentId, amount, key: "x" })).kind).toBe("unknown");
    });
  });
}
