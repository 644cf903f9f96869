import { eq } from "drizzle-orm";
import type { SqlSession } from "../platform/sql/session.ts";
import type { AddressId, UserId } from "../shared/ids.ts";
import type { MeChange } from "./model.ts";
import { profiles } from "./schema.ts";

export type Profile = typeof profiles.$inferSelect;

export async function findProfile(db: SqlSession, userId: UserId): Promise<Profile | undefined> {
  const [row] = await db.select().from(profiles).where(eq(profiles.userId, userId));
  return row;
}

/** Changes what is given and leaves the rest, also where another device changes that meanwhile. */
export async function saveProfile(
  db: SqlSession,
  userId: UserId,
  { name, phone, marketingConsent, defaultAddressId }: MeChange,
  nowMs: number,
): Promise<void> {
  const given = {
    ...(name === undefined ? {} : { name }),
    ...(phone === undefined ? {} : { phone }),
    ...(defaultAddressId === undefined ? {} : { defaultAddressId }),
    ...(marketingConsent === undefined ? {} : { marketingConsent, consentChangedAtMs: nowMs }),
    updatedAtMs: nowMs,
  };
  await db
    .insert(profiles)
    .values({ userId, ...given })
    .onDuplicateKeyUpdate({ set: given });
}

export const setDefaultAddress = (
  db: SqlSession,
  userId: UserId,
  defaultAddressId: AddressId | null,
  nowMs: number,
): Promise<void> => saveProfile(db, userId, { defaultAddressId }, nowMs);

export async function deleteProfile(db: SqlSession, userId: UserId): Promise<void> {
  await db.delete(profiles).where(eq(profiles.userId, userId));
}
