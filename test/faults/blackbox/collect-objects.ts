import type { DatabaseSync } from "node:sqlite";
import type { Evidence } from "../evidence/evidence.ts";
import { collectStock, type StockTotals } from "./collect-stock.ts";
import { allRows as all, objectFiles } from "./object-files.ts";

type Money = { amount: number };
type Quote = {
  id: string;
  expiresAt: string;
  lines: { sku: string; quantity: number; unitPrice: Money }[];
  totals: { total: Money; voucher?: Money };
  vouchers: { id: string; amount: Money }[];
};
type Attempt = {
  key: string;
  quoteId: string;
  startedAtMs: number;
  answerKey: string;
  step: string;
  redemptions: { coupons: { code: string }[] };
};

/** Reads the ledgers of all objects, out of their own files: the runtime has to be stopped. */
export function collectObjects(
  evidence: Evidence,
  dir: string,
  views: ReadonlyMap<string, StockTotals>,
): void {
  collectStock(evidence, dir, views);
  for (const { name, database } of objectFiles(dir, "CheckoutObject")) {
    checkout(evidence, name, database);
  }
  for (const { name, database } of objectFiles(dir, "CouponObject")) {
    const rows = all(
      database,
      `SELECT sequence, kind, redemption_id, shopper FROM ledger JOIN redemption USING (redemption_id)`,
    );
    for (const { sequence, kind, redemption_id: id, shopper } of rows) {
      evidence.add("coupon_ledger", name, sequence!, kind!, id!, shopper!);
    }
  }
  for (const { name, database } of objectFiles(dir, "VoucherObject")) {
    for (const row of all(database, "SELECT sequence, kind, amount, reference FROM ledger")) {
      const { sequence, kind, amount, reference } = row;
      evidence.add("voucher_ledger", name, sequence!, kind!, amount!, reference!);
    }
  }
}

function checkout(evidence: Evidence, checkoutId: string, database: DatabaseSync): void {
  const [row] = all(database, "SELECT attempt FROM checkout");
  const quotes = all(database, "SELECT body, created_at_ms FROM quote");
  const attempt = row?.attempt ? (JSON.parse(String(row.attempt)) as Attempt) : undefined;
  for (const { body, created_at_ms: createdAtMs } of quotes) {
    const quote = JSON.parse(String(body)) as Quote;
    const [voucher] = quote.vouchers;
    const coupon = attempt?.quoteId === quote.id ? attempt.redemptions.coupons[0]?.code : undefined;
    evidence.add(
      "quotes",
      quote.id,
      createdAtMs!,
      Date.parse(quote.expiresAt),
      quote.totals.total.amount,
      coupon ?? null,
      voucher?.id ?? null,
      voucher?.amount.amount ?? 0,
    );
    for (const { sku, quantity, unitPrice } of quote.lines) {
      evidence.add("quote_lines", quote.id, sku, quantity, unitPrice.amount);
    }
  }
  if (!attempt) return;
  const { key, quoteId, startedAtMs, answerKey, step } = attempt;
  evidence.add("attempts", key, checkoutId, quoteId, startedAtMs, answerKey);
  evidence.add("steps", key, step);
  calls(evidence, checkoutId, database);
}

/** When each processor was called and what came of it, as the journal had to note before going on. */
function calls(evidence: Evidence, checkoutId: string, database: DatabaseSync): void {
  const rows = all(
    database,
    "SELECT attempt, step, note, at_ms AS atMs FROM journal ORDER BY position",
  );
  for (const [at, { attempt, note, atMs }] of rows.entries()) {
    const psp = /^authorizing at (\w+)$/.exec(String(note))?.[1];
    const next = rows[at + 1];
    if (!psp || !next || next.attempt !== attempt) continue;
    const key = `${checkoutId}:${attempt}`;
    const outcome = outcomeOf(String(next.step), String(next.note));
    evidence.add("calls", Number(atMs), psp, key, Number(atMs), Number(next.atMs), outcome);
  }
}

function outcomeOf(step: string, note: string): string {
  if (note.includes("did not execute")) return "not_executed";
  if (step === "appending") return "approved";
  return step === "undoing" && note === "payment_declined" ? "declined" : "unknown";
}
