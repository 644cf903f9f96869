import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { isNotNull } from "drizzle-orm";
import { describe, it, vi } from "vitest";
import { hearNews } from "../../../src/checkout/index.ts";
import { getOrder } from "../../../src/orders/index.ts";
import { type ProcessorName, sweepEvents } from "../../../src/payments/index.ts";
import { openProcessors } from "../../../src/payments/open-processors.ts";
import { paymentEvents } from "../../../src/payments/schema.ts";
import { type Io, openIo } from "../../../src/platform/io/io.ts";
import { OrderId } from "../../../src/shared/ids.ts";
import type { Money } from "../../../src/shared/money.ts";
import { call } from "../../support/worker-shop.ts";
import { deliver, movementsOf, orderOf, quoted, toldOf } from "../told.ts";

const io = (): Io => openIo(env, "req_late_news");
const processor = (name: ProcessorName) => openProcessors(io()).byName(name)!;

/** Lets every waiting time pass and the sweep run, until nothing is left to handle. */
async function quiesce() {
  for (let round = 0; round < 5; round += 1) {
    await io().sql.update(paymentEvents).set({ dueAtMs: 0 }).where(isDue());
    await sweepEvents(io(), hearNews(io(), env));
  }
}
const isDue = () => isNotNull(paymentEvents.dueAtMs);

describe("news that comes before the answer", () => {
  it("completes a checkout whose request died while it paid", async ({ expect }) => {
    const { pay, checkoutId, view } = await quoted();
    const object = env.CHECKOUT.getByName(checkoutId);
    const dying = pay({ adyen: "tok_timeout_after" }).catch(() => undefined);
    await vi.waitUntil(async () => (await movementsOf(checkoutId)).length > 0, { timeout: 5_000 });
    await runInDurableObject(object, (_object, state) => state.abort("the test ends it")).catch(
      () => undefined,
    );
    await dying;
    expect((await view()).status).not.toBe("completed");
    for (const told of await toldOf("adyen", `${checkoutId}:1`)) await deliver("adyen", told);
    await vi.waitFor(async () => expect((await view()).status).toBe("completed"), 8_000);
    expect(await movementsOf(checkoutId)).toEqual(["adyen authorize"]);
  });
});

describe("news of a payment that no order will use", () => {
  for (const name of ["stripe", "adyen"] as const) {
    it(`frees what ${name} approved for an attempt that was given up`, async ({ expect }) => {
      const { pay, checkoutId, total } = await quoted();
      expect((await pay({ stripe: "tok_declined" })).status).toBe(402);
      const key = `${checkoutId}:1`;
      // Under another idempotency key, as if the first request had wandered about for minutes.
      const late = { key, checkoutId, orderId: "ord_late", amount: total, token: "tok_ok" };
      if (name === "stripe") await lateStripe(late);
      else expect((await processor("adyen").authorize(late)).kind).toBe("approved");
      for (let round = 0; round < 2; round += 1) {
        for (const told of await toldOf(name, checkoutId)) await deliver(name, told);
        await quiesce();
      }
      expect(await movementsOf(checkoutId)).toEqual([`${name} authorize`, `${name} void`]);
    });
  }
});

/** Stripe would answer the declined request's key again; the search goes by the metadata. */
async function lateStripe(late: { key: string; checkoutId: string; amount: Money }) {
  const form = new URLSearchParams({
    amount: String(late.amount.amount),
    currency: "usd",
    capture_method: "manual",
    confirm: "true",
    payment_method: "tok_ok",
    "metadata[checkout_id]": late.checkoutId,
    "metadata[attempt_key]": late.key,
  });
  await fetch(`${env.STRIPE_URL}/v1/payment_intents`, {
    method: "POST",
    headers: { Authorization: `Bearer ${env.STRIPE_SECRET_KEY}` },
    body: form,
  });
}

const permutations = <T>(items: readonly T[]): T[][] =>
  items.length <= 1
    ? [[...items]]
    : items.flatMap((item, index) =>
        permutations(items.filter((_other, at) => at !== index)).map((rest) => [item, ...rest]),
      );

/** An order that was captured and refunded at its processor, of which the shop has heard nothing. */
async function unheard(name: ProcessorName) {
  const { pay, checkoutId, total: amount } = await quoted();
  const paid = await pay({ [name]: "tok_ok" });
  const id = OrderId.parse(paid.body.order.id);
  const { paymentId } = (await getOrder(io(), id)).placed.payment;
  await call("POST", `/ops/v1/orders/${id}/cancel`, { body: { reason: "test" } });
  await processor(name).capture({ paymentId, amount, key: `capture:${id}` });
  await processor(name).void({ paymentId, key: `void:${id}` });
  await processor(name).refund({ paymentId, amount, key: `refund:${id}` });
  const about = name === "stripe" ? checkoutId : paymentId;
  return { id, checkoutId, told: await toldOf(name, about) };
}

describe("any order of news, with repeats", () => {
  it.for([
    ["stripe", 3],
    ["adyen", 4],
  ] as const)(
    "of %s ends in one state",
    { timeout: 120_000 },
    async ([name, count], { expect }) => {
      const ends = new Set<string>();
      const orders = permutations(Array.from({ length: count }, (_, index) => index));
      for (const order of orders) {
        const { id, checkoutId, told } = await unheard(name);
        expect(told).toHaveLength(count);
        for (const index of [...order, ...order.toReversed()]) await deliver(name, told[index]!);
        await quiesce();
        const { status, payment, events } = await orderOf(id);
        const types = events.map(({ type }) => type);
        ends.add(JSON.stringify({ status, payment, types: types.sort() }));
        const moved = (await movementsOf(checkoutId)).map((movement) => movement.split(" ")[1]);
        expect(moved, String(order)).toEqual(["authorize", "capture", "refund"]);
      }
      expect([...ends]).toHaveLength(1);
      expect(JSON.parse([...ends][0]!)).toMatchObject({
        status: "cancelled",
        payment: { status: "refunded" },
      });
    },
  );
});
