import { and, asc, eq } from "drizzle-orm";
import type { Address } from "../orders/index.ts";
import type { SqlSession } from "../platform/sql/session.ts";
import type { AddressId, UserId } from "../shared/ids.ts";
import { ADDRESSES_MAX } from "./model.ts";
import { addresses } from "./schema.ts";

export type AddressRow = typeof addresses.$inferSelect;

/** All of a shopper's addresses, the oldest first. */
export async function listAddresses(db: SqlSession, userId: UserId): Promise<AddressRow[]> {
  return db
    .select()
    .from(addresses)
    .where(eq(addresses.userId, userId))
    .orderBy(asc(addresses.createdAtMs), asc(addresses.id))
    .limit(ADDRESSES_MAX);
}

export async function findAddress(
  db: SqlSession,
  { userId, id }: { userId: UserId; id: AddressId },
): Promise<AddressRow | undefined> {
  const [row] = await db.select().from(addresses).where(ownedBy(userId, id));
  return row;
}

export async function insertAddress(db: SqlSession, row: AddressRow): Promise<void> {
  await db.insert(addresses).values(row);
}

export async function updateAddress(
  db: SqlSession,
  { userId, id }: { userId: UserId; id: AddressId },
  changed: ReturnType<typeof columnsOf>,
  nowMs: number,
): Promise<void> {
  await db
    .update(addresses)
    .set({ ...changed, updatedAtMs: nowMs })
    .where(ownedBy(userId, id));
}

export async function deleteAddress(
  db: SqlSession,
  { userId, id }: { userId: UserId; id: AddressId },
): Promise<boolean> {
  const { rowsAffected } = await db.delete(addresses).where(ownedBy(userId, id));
  return rowsAffected === 1;
}

export async function deleteAddresses(db: SqlSession, userId: UserId): Promise<void> {
  await db.delete(addresses).where(eq(addresses.userId, userId));
}

/** Optional parts that are absent or empty are null in the table. */
export const columnsOf = (address: Address) => ({
  name: address.name,
  line1: address.line1,
  line2: address.line2 || null,
  city: address.city,
  region: address.region || null,
  postalCode: address.postalCode,
  country: address.country,
  phone: address.phone || null,
});

/** The address as orders take it. */
export const addressOf = (row: AddressRow): Address => ({
  name: row.name,
  line1: row.line1,
  ...(row.line2 === null ? {} : { line2: row.line2 }),
  city: row.city,
  ...(row.region === null ? {} : { region: row.region }),
  postalCode: row.postalCode,
  country: row.country,
  ...(row.phone === null ? {} : { phone: row.phone }),
});

const ownedBy = (userId: UserId, id: AddressId) =>
  and(eq(addresses.userId, userId), eq(addresses.id, id));
