import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@planetscale/database";
import { rowsThatBreak, type Violation } from "../evidence/checkers.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Buyer } from "./buyer.ts";
import { collectObjects } from "./collect-objects.ts";
import { collectOutside } from "./collect-outside.ts";
import type { StockTotals } from "./collect-stock.ts";
import { pool, until } from "./pool.ts";
import { PROCESSORS, type ProofShop } from "./proof-shop.ts";
import { RULES } from "./rules.ts";

const EVIDENCE = join(import.meta.dirname, "../../../.local/prove");
const OVER = new Set(["completed", "ready_for_complete", "canceled"]);
const SETTLE_MS = 300_000;
/** Messages are retried after two to sixteen seconds; what has not moved for so long is lost. */
const STALL_MS = 8_000;
const AT_ONCE = 16;

/** Lets the shop heal, asks everybody once more, and reads what each side is left with. */
export async function settle(
  shop: ProofShop,
  evidence: Evidence,
  buyers: readonly Buyer[],
): Promise<void> {
  for (const psp of PROCESSORS) {
    await shop.dial(psp, "weather", {});
    await shop.dial(psp, "webhooks", {});
  }
  await pool(buyers, AT_ONCE, async (buyer) => {
    if (!buyer.checkoutId) return;
    const isOver = await until(async () => OVER.has(await buyer.checkoutStatus()), SETTLE_MS);
    if (!isOver) evidence.add("endings", buyer.canary, "lost");
  });
  await drain(shop);
  await pool(buyers, AT_ONCE, (buyer) => buyer.lookBack());
  await drain(shop);
}

/**
 * Until no message, no webhook and no payment waits for anything. The clock strikes where nothing moves
 * any more: what is only waiting its turn would else be sent again and again, and the queue would grow.
 */
async function drain(shop: ProofShop): Promise<void> {
  const database = new Client({ url: String(shop.vars.MYSQL_URL) });
  const count = async (query: string) => {
    const { rows } = await database.execute(`SELECT COUNT(*) AS n FROM ${query}`);
    return Number((rows[0] as { n: unknown }).n);
  };
  let least = Number.POSITIVE_INFINITY;
  let movedAtMs = Date.now() - STALL_MS;
  await until(async () => {
    const left =
      (await count("order_events WHERE awaiting <> 0")) +
      (await count("open_payments")) +
      (await count("payment_events WHERE handled_at_ms IS NULL"));
    if (left === 0) return true;
    // The first look shows no movement yet: what a kill took with it has to come again at once.
    if (left < least && least !== Number.POSITIVE_INFINITY) movedAtMs = Date.now();
    least = Math.min(left, least);
    if (Date.now() - movedAtMs < STALL_MS) return false;
    await database.execute("UPDATE open_payments SET due_at_ms = 0");
    await database.execute("UPDATE payment_events SET due_at_ms = 0 WHERE due_at_ms IS NOT NULL");
    await shop.sweep();
    movedAtMs = Date.now();
    return false;
  }, SETTLE_MS);
}

/** Stops the Workers, copies all books into one database, and holds the rules over them. */
export async function judge(
  shop: ProofShop,
  evidence: Evidence,
  seed: number,
): Promise<{ violations: Violation[]; orders: number }> {
  await collectOutside(evidence, shop);
  const views = new Map<string, StockTotals>();
  for (const sku of shop.skus) {
    const path = `/ops/v1/inventory/${sku}`;
    views.set(sku, (await shop.call<StockTotals>("GET", path)).body);
  }
  await shop.runtime.stop();
  collectObjects(evidence, shop.dir, views);
  for (const line of assertionsIn(shop.dir)) evidence.add("thrown", "workers.log", line);
  // Kept for whoever wants to look at what broke a rule.
  const file = join(EVIDENCE, `evidence-${seed}.sqlite`);
  mkdirSync(EVIDENCE, { recursive: true });
  rmSync(file, { force: true });
  const database = evidence.toDatabase(file);
  try {
    const violations = rowsThatBreak(RULES, database, seed);
    const row = database.prepare("SELECT COUNT(*) AS n FROM orders").get();
    return { violations, orders: Number(row?.n) };
  } finally {
    database.close();
  }
}

/** A broken assertion of the shop's own is a finding, whatever the books say. */
function assertionsIn(dir: string): string[] {
  const log = readFileSync(join(dir, "logs", "workers.log"), "utf8");
  return log.match(/InvariantError: [^"|\n]{0,200}/g) ?? [];
}
