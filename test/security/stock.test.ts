import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ops, shopper } from "../promotions/purchase.ts";
import { ownSku, sell } from "../support/worker-shop.ts";

const stockOf = (sku: string) => env.SKU_STOCK.getByName(sku).view();

/** A SKU on sale of which one shopper may have so many, in one object or spread over several. */
async function limited(maxPerShopper: number, shards: number): Promise<string> {
  const sku = ownSku();
  await sell({ sku, price: "20.00", stock: 50 });
  const set = await ops("PATCH", `/inventory/${sku}`, { maxPerShopper, shards });
  expect(set).toMatchObject({ status: 200, body: { maxPerShopper, shards } });
  return sku;
}

/** Whoever has this address, with a cart and a checkout of their own. */
async function quoted(sku: string, email: string, quantity = 1) {
  const { validate, pay } = await shopper({ sku, quantity });
  const validated = await validate({ email });
  return (options: { token?: string } = {}) => pay(validated, options);
}

const ownEmail = () => `${crypto.randomUUID()}@example.com`;

describe("stock that bots would like to hoard", () => {
  it("48 · is held by no cart and by no quote", async () => {
    const sku = ownSku();
    await sell({ sku, stock: 10 });
    await Promise.all([1, 2, 3].map(() => quoted(sku, ownEmail(), 10)));
    expect(await stockOf(sku)).toMatchObject({ onHand: 10, held: 0, available: 10 });
  });

  for (const shards of [1, 4]) {
    it(`48 · is limited per shopper when it is held, however many checkouts race, over ${shards} object(s)`, async () => {
      const sku = await limited(2, shards);
      const email = ownEmail();
      const spellings = [email, email.toUpperCase().replace("EXAMPLE.COM", "example.com")];
      const checkouts = await Promise.all(
        Array.from({ length: 5 }, (_, n) => quoted(sku, spellings[n % 2]!)),
      );
      const paid = await Promise.all(checkouts.map((pay) => pay()));
      expect(paid.map(({ status }) => status).sort()).toEqual([201, 201, 409, 409, 409]);
      for (const { status, body } of paid) {
        if (status !== 409) continue;
        const shortages = [{ sku, available: 0, max: 2 }];
        expect(body).toMatchObject({ type: "/problems/purchase-limit", shortages });
      }
      expect(await stockOf(sku)).toMatchObject({ onHand: 48, held: 0 });
      const other = await quoted(sku, ownEmail(), 2);
      expect((await other()).status).toBe(201);
      const greedy = await quoted(sku, ownEmail(), 3);
      const refused = {
        type: "/problems/purchase-limit",
        shortages: [{ sku, available: 2, max: 2 }],
      };
      expect((await greedy()).body).toMatchObject(refused);
    });
  }

  it("48 · is free again for a shopper whose payment failed", async () => {
    const sku = await limited(1, 1);
    const email = ownEmail();
    const declined = await quoted(sku, email);
    expect((await declined({ token: "tok_declined" })).status).toBe(402);
    expect((await (await quoted(sku, email))()).status).toBe(201);
    expect((await (await quoted(sku, email))()).status).toBe(409);
  });
});
