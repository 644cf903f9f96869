import { eq } from "drizzle-orm";
import { holdUser } from "../identity/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { AddressId, UserId } from "../shared/ids.ts";
import type { MeChange } from "./model.ts";
import { profiles } from "./schema.ts";

export type Profile = typeof profiles.$inferSelect;

export async function findProfile(db: SqlSession, userId: UserId): Promise<Profile | undefined> {
  const [row] = await db.select().from(profiles).where(eq(profiles.userId, userId));
  return row;
}

type ChangingIo = Pick<Io, "sql" | "redis" | "clock">;

/** Changes what is given and leaves the rest, also where another device changes that meanwhile. */
export async function saveProfile(
  io: ChangingIo,
  userId: UserId,
  { name, phone, marketingConsent, defaultAddressId }: MeChange,
): Promise<void> {
  await holdUser(io, userId);
  const nowMs = io.clock.nowMs();
  const given = {
    ...(name === undefined ? {} : { name }),
    ...(phone === undefined ? {} : { phone }),
    ...(defaultAddressId === undefined ? {} : { defaultAddressId }),
    ...(marketingConsent === undefined ? {} : { marketingConsent, consentChangedAtMs: nowMs }),
    updatedAtMs: nowMs,
  };
  await io.sql
    .insert(profiles)
    .values({ userId, ...given })
    .onDuplicateKeyUpdate({ set: given });
}

export const setDefaultAddress = (
  io: ChangingIo,
  userId: UserId,
  defaultAddressId: AddressId | null,
): Promise<void> => saveProfile(io, userId, { defaultAddressId });

export async function deleteProfile(db: SqlSession, userId: UserId): Promise<void> {
  await db.delete(profiles).where(eq(profiles.userId, userId));
}
