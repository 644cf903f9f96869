import { and, desc, eq, gt, inArray, isNull, lt, or, sql } from "drizzle-orm";
import { isDuplicateKey } from "../platform/sql/errors.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { PromotionId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import type { Promotion } from "./model.ts";
import { promotions } from "./schema.ts";

export type StoredPromotion = Promotion & { createdAtMs: number };

/** A shop has a few rules that apply by themselves; each cart is measured against all of them. */
export const AUTOMATIC_MAX = 50;

/** Automatic rules that are not over, and the coupons of these codes whatever their state. One round trip. */
export async function findPromotions(
  session: SqlSession,
  codes: readonly string[],
  nowMs: number,
): Promise<StoredPromotion[]> {
  const isRunning = and(
    isNull(promotions.code),
    eq(promotions.active, true),
    or(isNull(promotions.endsAtMs), gt(promotions.endsAtMs, nowMs)),
  );
  return (
    session
      .select()
      .from(promotions)
      .where(codes.length > 0 ? or(inArray(promotions.code, [...codes]), isRunning) : isRunning)
      // Codes first: two operators at once may have made one rule too many, and no code is cut off for it.
      .orderBy(sql`${promotions.code} IS NULL`, promotions.id)
      .limit(AUTOMATIC_MAX + codes.length)
  );
}

export async function findPromotion(
  session: SqlSession,
  id: PromotionId,
): Promise<StoredPromotion | undefined> {
  const [row] = await session.select().from(promotions).where(eq(promotions.id, id));
  return row;
}

export async function insertPromotion(
  session: SqlSession,
  promotion: StoredPromotion,
): Promise<Result<null, { code: "code_taken" }>> {
  try {
    await session.insert(promotions).values(promotion);
    return ok(null);
  } catch (error) {
    if (isDuplicateKey(error)) return err({ code: "code_taken" });
    throw error;
  }
}

type Changeable = Omit<Promotion, "id" | "code">;
/** What is `undefined` stays as it is. */
export type PromotionUpdate = { [Name in keyof Changeable]?: Changeable[Name] | undefined };

export async function updatePromotion(
  session: SqlSession,
  id: PromotionId,
  change: PromotionUpdate,
): Promise<void> {
  await session.update(promotions).set(change).where(eq(promotions.id, id));
}

type PageKey = { createdAtMs: number; id: PromotionId };

/** The newest first; a page continues from the last row's key, so new rows shift nothing. */
export async function listPromotions(
  session: SqlSession,
  { limit, before }: { limit: number; before: PageKey | undefined },
): Promise<StoredPromotion[]> {
  return session
    .select()
    .from(promotions)
    .where(
      before &&
        or(
          lt(promotions.createdAtMs, before.createdAtMs),
          and(eq(promotions.createdAtMs, before.createdAtMs), lt(promotions.id, before.id)),
        ),
    )
    .orderBy(desc(promotions.createdAtMs), desc(promotions.id))
    .limit(limit);
}

export async function countAutomatic(session: SqlSession): Promise<number> {
  const rows = await session
    .select({ id: promotions.id })
    .from(promotions)
    .where(and(isNull(promotions.code), eq(promotions.active, true)))
    .limit(AUTOMATIC_MAX);
  return rows.length;
}
