import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { findVariants } from "../../src/catalog/index.ts";
import { products } from "../../src/catalog/schema.ts";
import { openIo } from "../../src/platform/io/io.ts";
import { Sku } from "../../src/shared/ids.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

const io = openIo(env, "test");

/** A product for 20.00 of this test's own. */
async function onSale() {
  const sku = Sku.parse(ownSku());
  await sell({ sku, price: "20.00" });
  const rows = await io.sql
    .select({ id: products.id })
    .from(products)
    .where(eq(products.handle, sku.toLowerCase()));
  return { sku, productId: rows[0]!.id };
}

type Rule = { id: string; value: number; startsAt: string; endsAt: string | null };
type Refusal = { type: string; errors: { pointer: string; code: string }[] };

const create = <T = Rule>(body: object, headers: Record<string, string> = {}) =>
  call<T>("POST", "/ops/v1/price-rules", {
    body: { title: "Sale", kind: "percentage", value: 25, target: "product", ...body },
    headers,
  });
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

const priceAt = async (sku: Sku, nowMs: number) => {
  const variant = (await findVariants(io.sql, [sku], nowMs)).get(sku);
  return [variant?.priceMinor, variant?.compareAtMinor];
};

describe("/ops/v1/price-rules", () => {
  it("takes a percentage off what is charged, from its start up to its end", async () => {
    const { sku, productId } = await onSale();
    const [startsAt, endsAt] = [inMs(60_000), inMs(120_000)];
    const { status, body } = await create({ targetId: productId, value: 12.5, startsAt, endsAt });
    expect([status, body.value, body.startsAt, body.endsAt]).toEqual([201, 12.5, startsAt, endsAt]);
    const [fromMs, untilMs] = [Date.parse(startsAt), Date.parse(endsAt)];
    expect(await priceAt(sku, fromMs - 1)).toEqual([2_000, null]);
    expect(await priceAt(sku, fromMs)).toEqual([1_750, 2_000]);
    expect(await priceAt(sku, untilMs - 1)).toEqual([1_750, 2_000]);
    expect(await priceAt(sku, untilMs)).toEqual([2_000, null]);
  });

  it("lets the best of several win", async () => {
    const { sku, productId } = await onSale();
    await create({ targetId: productId });
    await create({ targetId: productId, kind: "amount", value: 600 });
    expect(await priceAt(sku, Date.now() + 1_000)).toEqual([1_400, 2_000]);
  });

  it("lists rules, the newest first, page by page, without those that were withdrawn", async () => {
    const { productId } = await onSale();
    const made: string[] = [];
    for (const value of [1, 2, 3])
      made.unshift((await create({ targetId: productId, value })).body.id);
    await call("DELETE", `/ops/v1/price-rules/${made[1]}`);
    type List = { items: { id: string; targetId: string }[]; nextCursor: string | null };
    const found: string[] = [];
    let cursor: string | null = "";
    for (let pages = 0; cursor !== null && pages < 200; pages += 1) {
      const path: string = `/ops/v1/price-rules?limit=2${cursor && `&cursor=${cursor}`}`;
      const { body } = await call<List>("GET", path);
      found.push(...body.items.filter((rule) => rule.targetId === productId).map(({ id }) => id));
      cursor = body.nextCursor;
    }
    expect(found).toEqual([made[0], made[2]]);
    expect((await call("GET", "/ops/v1/price-rules?cursor=x")).status).toBe(422);
  });

  it("makes one rule of a request that is repeated", async () => {
    const { productId } = await onSale();
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const first = await create({ targetId: productId }, headers);
    const again = await create({ targetId: productId }, headers);
    expect([again.body.id, again.headers.get("Idempotent-Replayed")]).toEqual([
      first.body.id,
      "true",
    ]);
  });

  it.for([
    ["a target that is not there", { targetId: "prd_0" }, "/targetId", "target_unknown"],
    ["no target where one is due", {}, "/targetId", "custom"],
    ["a target for all", { target: "all", targetId: "prd_0" }, "/targetId", "custom"],
    ["more than all of a price", { targetId: "prd_0", value: 100.5 }, "/value", "custom"],
    ["a third decimal", { targetId: "prd_0", value: 1.005 }, "/value", "custom"],
    ["a part of a cent", { targetId: "prd_0", kind: "amount", value: 1.5 }, "/value", "custom"],
    ["nothing off", { targetId: "prd_0", value: 0 }, "/value", "too_small"],
    [
      "an end before its start",
      { targetId: "prd_0", startsAt: inMs(9_000), endsAt: inMs(8_000) },
      "/endsAt",
      "ends_before_it_starts",
    ],
    [
      "an end that is past",
      { targetId: "prd_0", endsAt: "2020-01-01T00:00:00.000Z" },
      "/endsAt",
      "ends_before_it_starts",
    ],
    ["no time", { targetId: "prd_0", startsAt: "tomorrow" }, "/startsAt", "invalid_format"],
  ] as const)("refuses %s", async ([, body, pointer, code]) => {
    const refused = await create<Refusal>(body);
    expect([refused.status, refused.body.type]).toEqual([422, "/problems/request-invalid"]);
    expect(refused.body.errors).toMatchObject([{ pointer, code }]);
  });

  it("answers 404 for a rule that is not there", async () => {
    expect((await call("DELETE", "/ops/v1/price-rules/rul_none")).status).toBe(404);
  });
});

describe("a quote made under a rule", () => {
  it("no longer holds when the rule has ended, and the new one says the price", async () => {
    const { sku, productId } = await onSale();
    const endsAtMs = Date.now() + 2_500;
    await create({ targetId: productId, endsAt: new Date(endsAtMs).toISOString() });
    const added = await call<{ token: string; lines: { unitPrice: { amount: number } }[] }>(
      "POST",
      "/api/v2/cart/lines",
      { body: { sku, quantity: 2 } },
    );
    expect(added.body.lines[0]?.unitPrice.amount).toBe(1_500);
    const headers = { "Cart-Token": added.body.token };
    type Quote = { id: string; totals: { subtotal: { amount: number } } };
    const { body } = await call<{ checkoutId: string; quote: Quote }>(
      "POST",
      "/api/v2/validatecheckout",
      { body: { email: "ada@example.com", shippingAddress: ADDRESS }, headers },
    );
    expect(body.quote.totals.subtotal.amount).toBe(3_000);
    const pay = (quoteId: string) =>
      call<{ type: string; quote: Quote; order: { total: { amount: number } } }>(
        "POST",
        "/api/v2/processorder",
        {
          body: {
            checkoutId: body.checkoutId,
            quoteId,
            payment: { tokens: { stripe: "tok_ok" } },
          },
          headers: { ...headers, "Idempotency-Key": crypto.randomUUID() },
        },
      );
    await scheduler.wait(Math.max(0, endsAtMs - Date.now()) + 5);
    const changed = await pay(body.quote.id);
    expect([changed.status, changed.body.type]).toEqual([409, "/problems/quote-changed"]);
    expect(changed.body.quote.totals.subtotal.amount).toBe(4_000);
    expect((await pay(changed.body.quote.id)).status).toBe(201);
  });
});
