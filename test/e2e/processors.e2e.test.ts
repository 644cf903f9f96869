import { afterAll, afterEach, beforeAll, describe, it } from "vitest";
import { eventually, type LedgerEntry, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { type Quoted, Shopper } from "../support/shopper.ts";

type Processor = "stripe" | "adyen";
type Bought = { shopper: Shopper; quoted: Quoted; status: number };

const BOTH = { stripe: "tok_ok", adyen: "tok_ok" };
const FAIR = {};
/** What it takes to open a circuit. */
const FAILURES = 3;
/** How many payments may be out that no sign of life has followed. */
const UNPROVEN_MAX = 2;
const OVER = new Set(["completed", "ready_for_complete"]);

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

const dial = async (processor: Processor, path: "weather" | "webhooks", setting: object) => {
  const url = `http://127.0.0.1:${shop.ports[processor]}/${path}`;
  const answer = await fetch(url, { method: "PUT", body: JSON.stringify(setting) });
  if (!answer.ok) throw new Error(await answer.text());
};
const ledger = async (processor: Processor, checkoutId: string): Promise<LedgerEntry[]> => {
  const url = `http://127.0.0.1:${shop.ports[processor]}/ledger?checkoutId=${checkoutId}`;
  const { entries } = (await (await fetch(url)).json()) as { entries: LedgerEntry[] };
  return entries.filter(({ ok }) => ok);
};
const movements = async (checkoutId: string): Promise<string[]> => {
  const [stripe, adyen] = await Promise.all([
    ledger("stripe", checkoutId),
    ledger("adyen", checkoutId),
  ]);
  return [
    ...stripe.map(({ kind }) => `stripe ${kind}`),
    ...adyen.map(({ kind }) => `adyen ${kind}`),
  ];
};

async function buy(sku: string, tokens: { stripe?: string; adyen?: string }): Promise<Bought> {
  const shopper = new Shopper(shop);
  const quoted = await shopper.quote(sku);
  const { status } = await shopper.pay(quoted, { tokens });
  return { shopper, quoted, status };
}
const together = (count: number, sku: string, tokens: { stripe?: string; adyen?: string }) =>
  Promise.all(Array.from({ length: count }, () => buy(sku, tokens)));

/** How the checkout ended, once it did. */
const ended = async ({ shopper, quoted }: Bought): Promise<string> => {
  const { body } = await eventually(
    () => shopper.checkout(quoted.checkoutId),
    ({ body }) => OVER.has(body.status),
    60_000,
  );
  return body.status;
};
const heldOf = async (sku: string) =>
  (await shop.call<{ held: number }>("GET", `/ops/v1/inventory/${sku}`)).body.held;
afterEach(async () => {
  for (const processor of ["stripe", "adyen"] as const) await dial(processor, "weather", FAIR);
});

/** Until a circuit that opened lets calls through again. */
const recovered = (processor: Processor, sku: string) =>
  eventually(
    () => buy(sku, { [processor]: "tok_ok" }),
    ({ status }) => status === 201,
    60_000,
  );

describe("two processors in bad weather", () => {
  it("the primary cannot be reached: two wait at most, all others are paid at the second", async ({
    expect,
  }) => {
    await shop.sell("DEAD-1");
    await dial("adyen", "webhooks", { delayMs: 200, duplicateRate: 1 });
    await dial("stripe", "weather", { down: true });
    const first = await together(FAILURES, "DEAD-1", BOTH);
    // So many may have left on its last sign of life; whoever waits for a newer one is paid elsewhere.
    const waiting = first.filter(({ status }) => status === 202);
    expect(waiting.length).toBeLessThanOrEqual(UNPROVEN_MAX);
    const switched = first.filter(({ status }) => status === 201);
    expect(waiting.length + switched.length).toBe(FAILURES);
    const later: Bought[] = [];
    for (let n = 0; n < 8; n += 1) later.push(await buy("DEAD-1", BOTH));
    expect(later.map(({ status }) => status)).toEqual(Array(8).fill(201));

    await dial("stripe", "weather", FAIR);
    for (const bought of waiting) {
      expect(await ended(bought)).toBe("ready_for_complete");
      expect(await movements(bought.quoted.checkoutId)).toEqual([]);
    }
    for (const { quoted } of [...switched, ...later]) {
      const moved = await eventually(
        () => movements(quoted.checkoutId),
        (list) => list.length > 1,
      );
      expect(moved).toEqual(["adyen authorize", "adyen capture"]);
    }
    const orders = await Promise.all(
      later.map(async ({ shopper, quoted }) => {
        const { order } = (await shopper.checkout(quoted.checkoutId)).body;
        return eventually(
          () => shopper.order(order!.id, order!.token),
          ({ body }) => body.status === "paid",
        );
      }),
    );
    expect(orders.map(({ body }) => body.payment.status)).toEqual(Array(8).fill("captured"));
    expect(await heldOf("DEAD-1")).toBe(0);
    await recovered("stripe", "DEAD-1");
  });

  it("the primary answers nothing although it pays: one charge, and never at the second", async ({
    expect,
  }) => {
    await shop.sell("MUTE-1");
    const silent = await buy("MUTE-1", { stripe: "tok_timeout_after", adyen: "tok_ok" });
    // Told by asking, mostly before the answer; else later.
    expect([201, 202]).toContain(silent.status);
    expect(await ended(silent)).toBe("completed");
    const moved = await eventually(
      () => movements(silent.quoted.checkoutId),
      (list) => list.length > 1,
    );
    expect(moved).toEqual(["stripe authorize", "stripe capture"]);
    await recovered("stripe", "MUTE-1");
  });

  it("both cannot be reached: 503 once that is known, nothing charged, stock free", async ({
    expect,
  }) => {
    await shop.sell("NONE-1");
    await dial("stripe", "weather", { down: true });
    await dial("adyen", "weather", { down: true });
    const waiting = await Promise.all([
      together(FAILURES, "NONE-1", { stripe: "tok_ok" }),
      together(FAILURES, "NONE-1", { adyen: "tok_ok" }),
    ]);
    const refused = await together(3, "NONE-1", BOTH);
    expect(refused.map(({ status }) => status)).toEqual([503, 503, 503]);
    await dial("stripe", "weather", FAIR);
    await dial("adyen", "weather", FAIR);
    for (const bought of [...waiting.flat(), ...refused]) {
      expect(await ended(bought)).toBe("ready_for_complete");
      expect(await movements(bought.quoted.checkoutId)).toEqual([]);
    }
    expect(await heldOf("NONE-1")).toBe(0);
    await recovered("stripe", "NONE-1");
    await recovered("adyen", "NONE-1");
  });

  it("the primary flaps: every checkout is paid once or not at all", async ({ expect }) => {
    await shop.sell("FLAP-1", { stock: 200 });
    const all: Bought[] = [];
    for (const weather of [{ errorRate: 0.5, timeoutRate: 0.2 }, FAIR, { down: true }, FAIR]) {
      await dial("stripe", "weather", weather);
      all.push(...(await together(6, "FLAP-1", BOTH)));
    }
    for (const bought of all) {
      const status = await ended(bought);
      const wanted = status === "completed" ? 1 : 0;
      const count = (list: string[], kind: string) =>
        list.filter((movement) => movement.endsWith(kind)).length;
      const moved = await eventually(
        () => movements(bought.quoted.checkoutId),
        (list) =>
          count(list, "capture") === wanted &&
          count(list, "authorize") - count(list, "void") === wanted,
      );
      expect(count(moved, "capture")).toBe(wanted);
    }
    expect(await heldOf("FLAP-1")).toBe(0);
  });
});
