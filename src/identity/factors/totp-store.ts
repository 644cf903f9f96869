import { and, eq, gt, isNotNull, lt } from "drizzle-orm";
import type { SqlSession } from "../../platform/sql/session.ts";
import type { UserId } from "../../shared/ids.ts";
import { totpFactors } from "./schema.ts";

export type TotpRow = typeof totpFactors.$inferSelect;

export async function findTotp(db: SqlSession, userId: UserId): Promise<TotpRow | undefined> {
  const [row] = await db.select().from(totpFactors).where(eq(totpFactors.userId, userId));
  return row;
}

/** Keeps a secret that was handed out. One that waited to be confirmed before is over. */
export async function keepPending(
  db: SqlSession,
  userId: UserId,
  { secret, untilMs }: { secret: string; untilMs: number },
): Promise<void> {
  const pending = { pendingSecret: secret, pendingUntilMs: untilMs };
  await db
    .insert(totpFactors)
    .values({ userId, ...pending, lastStep: 0 })
    .onDuplicateKeyUpdate({ set: pending });
}

type Confirmation = { pendingSecret: string; step: number; nowMs: number };

/** Makes exactly the secret whose code was shown the one in use, and that code the last one used. */
export async function confirmPending(
  db: SqlSession,
  userId: UserId,
  { pendingSecret, step, nowMs }: Confirmation,
): Promise<boolean> {
  const { rowsAffected } = await db
    .update(totpFactors)
    .set({ secret: pendingSecret, pendingSecret: null, lastStep: step, confirmedAtMs: nowMs })
    .where(
      and(
        eq(totpFactors.userId, userId),
        eq(totpFactors.pendingSecret, pendingSecret),
        gt(totpFactors.pendingUntilMs, nowMs),
      ),
    );
  return rowsAffected === 1;
}

/** Uses a step up. Of two who show its code at once, one has it; no older one is good any more. */
export async function useStep(db: SqlSession, userId: UserId, step: number): Promise<boolean> {
  const { rowsAffected } = await db
    .update(totpFactors)
    .set({ lastStep: step })
    .where(
      and(
        eq(totpFactors.userId, userId),
        lt(totpFactors.lastStep, step),
        isNotNull(totpFactors.secret),
      ),
    );
  return rowsAffected === 1;
}

/** Keeps the same secret under a newer seal, unless it was replaced meanwhile. */
export async function replaceSecret(
  db: SqlSession,
  userId: UserId,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db
    .update(totpFactors)
    .set({ secret: to })
    .where(and(eq(totpFactors.userId, userId), eq(totpFactors.secret, from)));
}

/** Whether there was a second factor to remove. */
export async function removeTotp(db: SqlSession, userId: UserId): Promise<boolean> {
  const isTheirs = eq(totpFactors.userId, userId);
  const { rowsAffected } = await db
    .delete(totpFactors)
    .where(and(isTheirs, isNotNull(totpFactors.secret)));
  return rowsAffected === 1;
}
