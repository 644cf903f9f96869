import type { Violation } from "../evidence/checkers.ts";
import { Evidence } from "../evidence/evidence.ts";
import { seeded } from "../simulation/random.ts";
import { Buyer, type Ending } from "./buyer.ts";
import { judge, settle } from "./drain.ts";
import { type ProofShop, startProofShop } from "./proof-shop.ts";

export type RaceRun = {
  clients: number;
  couponUses: number;
  voucherUses: number;
  voucherBalance: number;
  voucherLeft: number;
  violations: Violation[];
};

const OK = { stripe: "tok_ok", adyen: "tok_ok" };
const VOUCHER_MINOR = 1_000;

/** One coupon of one use, and one voucher worth one discount: each in so many carts that pay at once. */
export async function runRaces({
  seed,
  clients,
}: {
  seed: number;
  clients: number;
}): Promise<RaceRun> {
  const shop = await startProofShop();
  try {
    return await raceOver(shop, seed, clients);
  } finally {
    await shop.stop();
  }
}

async function raceOver(shop: ProofShop, seed: number, clients: number): Promise<RaceRun> {
  const evidence = new Evidence();
  const random = seeded(seed);
  await shop.sell("RACE-1", { price: "19.99", stock: 10 * clients });
  evidence.add("prices", "RACE-1", 0, 1_999);
  const effect = { kind: "amount", amountMinor: 500 };
  const promotion = { code: "ONLY-ONE", title: "One use", effect, usesMax: 1 };
  await shop.call("POST", "/ops/v1/promotions", { body: promotion });
  evidence.add("coupons", "ONLY-ONE", 1, 1);
  const gift = { amount: { amount: VOUCHER_MINOR, currency: "USD" } };
  const issued = await shop.call<{ code: string }>("POST", "/ops/v1/vouchers", { body: gift });
  const { code: voucher } = issued.body;

  const lines = [{ sku: "RACE-1", quantity: 1 }];
  const racers = (codes: { coupon?: string; voucher?: string }, from: number) =>
    Array.from(
      { length: clients },
      (_, n) => new Buyer({ shop, evidence, random }, { n: from + n, lines, tokens: OK, ...codes }),
    );
  const withCoupon = racers({ coupon: "ONLY-ONE" }, 1);
  const withVoucher = racers({ voucher }, clients + 1);
  const buyers = [...withCoupon, ...withVoucher];
  await Promise.all(buyers.map((buyer) => buyer.prepare()));
  // All at once: each was promised the code, and one can have it. The others are quoted again, and pay.
  const endings: Ending[] = await Promise.all(buyers.map((buyer) => buyer.pay()));
  for (const [at, ending] of endings.entries()) {
    evidence.add("endings", buyers[at]!.canary, ending);
  }
  await settle(shop, evidence, buyers);
  const left = await shop.call<{ balance: { amount: number } }>(
    "GET",
    `/ops/v1/vouchers/${voucher}`,
  );
  const { violations } = await judge(shop, evidence, seed);
  const database = evidence.toDatabase();
  const count = (query: string) => Number(Object.values(database.prepare(query).get() ?? {})[0]);
  const uses = "SUM(CASE kind WHEN 'redeem' THEN 1 WHEN 'restore' THEN -1 ELSE 0 END)";
  const run = {
    clients,
    couponUses: count(`SELECT ${uses} FROM coupon_ledger`),
    voucherUses: count(`SELECT ${uses} FROM voucher_ledger`),
    voucherBalance: VOUCHER_MINOR,
    voucherLeft: left.body.balance.amount,
    violations,
  };
  database.close();
  return run;
}
