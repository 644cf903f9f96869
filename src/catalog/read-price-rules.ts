import { gt, isNull, or } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { PriceRule } from "./price-rules.ts";
import { priceRules } from "./schema.ts";

export const PRICE_RULE = {
  id: priceRules.id,
  kind: priceRules.kind,
  value: priceRules.value,
  target: priceRules.target,
  targetId: priceRules.targetId,
  startsAtMs: priceRules.startsAtMs,
  endsAtMs: priceRules.endsAtMs,
};

/** The rules that hold now or will. They are few: making one is refused beyond a limit. */
export const readPriceRules = (session: SqlSession, nowMs: number): Promise<PriceRule[]> =>
  session
    .select(PRICE_RULE)
    .from(priceRules)
    .where(or(isNull(priceRules.endsAtMs), gt(priceRules.endsAtMs, nowMs)))
    .execute();
