import { and, count, desc, eq, gt, isNull, lt, or } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import { newId, PriceRuleId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { cursorScope, decodeCursor, encodeCursor } from "./cursor.ts";
import { type RecordedEvent, recordEvent } from "./outbox.ts";
import type { PriceRule } from "./price-rules.ts";
import { tagsOf } from "./purge-tags.ts";
import { PRICE_RULE } from "./read-price-rules.ts";
import { categories, priceRules, products } from "./schema.ts";

/** Every page and every cart reads all rules that hold or will, so there is a limit to them. */
export const LIVE_RULES_MAX = 200;

export type StoredRule = PriceRule & { title: string; createdAtMs: number };
export type NewRule = Omit<StoredRule, "id" | "createdAtMs" | "startsAtMs"> & {
  /** Now, when it is not told or past: prices that were shown are not changed behind anyone. */
  startsAtMs: number | undefined;
};
type Changed = { rule: StoredRule; events: RecordedEvent[] };

const STORED = { ...PRICE_RULE, title: priceRules.title, createdAtMs: priceRules.createdAtMs };

/** Makes a rule, with its event; to be published now. */
export async function createPriceRule(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  rule: NewRule,
): Promise<
  Result<Changed, { code: "target_unknown" | "rules_too_many" | "ends_before_it_starts" }>
> {
  const nowMs = clock.nowMs();
  const startsAtMs = Math.max(rule.startsAtMs ?? 0, nowMs);
  if (rule.endsAtMs !== null && rule.endsAtMs <= startsAtMs) {
    return err({ code: "ends_before_it_starts" });
  }
  const [isKnown, live] = await Promise.all([targetExists(sql, rule), countLive(sql, nowMs)]);
  if (!isKnown) return err({ code: "target_unknown" });
  if (live >= LIVE_RULES_MAX) return err({ code: "rules_too_many" });
  const stored: StoredRule = {
    ...rule,
    id: newId(PriceRuleId, "rul"),
    startsAtMs,
    createdAtMs: nowMs,
  };
  const events = await sql.transaction(async (tx) => {
    await tx.insert(priceRules).values(stored);
    return recordRuleEvent(tx, stored, nowMs);
  });
  return ok({ rule: stored, events });
}

/** Withdraws a rule: it ends now, or never begins. */
export async function deletePriceRule(
  { sql, clock }: Pick<Io, "sql" | "clock">,
  id: PriceRuleId,
): Promise<Result<Changed, { code: "rule_unknown" }>> {
  return sql.transaction(async (tx) => {
    const nowMs = clock.nowMs();
    const standing = and(eq(priceRules.id, id), isNull(priceRules.deletedAtMs));
    const [rule] = await tx.select(STORED).from(priceRules).where(standing).for("update");
    if (!rule) return err({ code: "rule_unknown" });
    const endsAtMs = Math.max(
      rule.startsAtMs,
      Math.min(rule.endsAtMs ?? Number.POSITIVE_INFINITY, nowMs),
    );
    await tx.update(priceRules).set({ endsAtMs, deletedAtMs: nowMs }).where(eq(priceRules.id, id));
    const events = await recordRuleEvent(tx, rule, nowMs);
    return ok({ rule: { ...rule, endsAtMs }, events });
  });
}

/** The rules that were not withdrawn, the newest first. */
export async function listPriceRules(
  session: SqlSession,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): Promise<Result<{ items: StoredRule[]; nextCursor: string | null }, { code: "cursor_invalid" }>> {
  const scope = await cursorScope(["price-rules"]);
  const after = cursor === undefined ? undefined : decodeCursor(scope, cursor, "number");
  if (cursor !== undefined && !after) return err({ code: "cursor_invalid" });
  const { createdAtMs, id } = priceRules;
  const key = Number(after?.key);
  const past = or(
    lt(createdAtMs, key),
    and(eq(createdAtMs, key), lt(id, after?.id as PriceRuleId)),
  );
  const rows = await session
    .select(STORED)
    .from(priceRules)
    .where(and(isNull(priceRules.deletedAtMs), after && past))
    .orderBy(desc(createdAtMs), desc(id))
    .limit(limit + 1);
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  const nextCursor = last ? encodeCursor(scope, { key: last.createdAtMs, id: last.id }) : null;
  return ok({ items, nextCursor });
}

const recordRuleEvent = (tx: SqlSession, { id, target, targetId }: PriceRule, nowMs: number) =>
  recordEvent(
    tx,
    { type: "price_rule.changed.v1", data: { ruleIds: [id] } },
    tagsOf({ type: "price_rule", ruleId: id, target, targetId }),
    nowMs,
  );

async function targetExists(
  session: SqlSession,
  { target, targetId }: Pick<PriceRule, "target" | "targetId">,
): Promise<boolean> {
  if (target === "all") return true;
  const table = target === "product" ? products : categories;
  const rows = await session
    .select({ id: table.id })
    .from(table)
    .where(eq(table.id, String(targetId) as never))
    .limit(1);
  return rows.length > 0;
}

async function countLive(session: SqlSession, nowMs: number): Promise<number> {
  const [row] = await session
    .select({ live: count() })
    .from(priceRules)
    .where(or(isNull(priceRules.endsAtMs), gt(priceRules.endsAtMs, nowMs)));
  return Number(row?.live ?? 0);
}
