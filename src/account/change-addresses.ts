import type { z } from "zod";
import type { Address } from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import { AddressId, newId, type UserId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import {
  type AddressRow,
  addressOf,
  columnsOf,
  deleteAddress,
  findAddress,
  insertAddress,
  listAddresses,
  updateAddress,
} from "./address-store.ts";
import {
  type AccountError,
  ADDRESSES_MAX,
  type AddressChange,
  type NewAddress,
  type SavedAddress,
} from "./model.ts";
import { findProfile, setDefaultAddress } from "./profile-store.ts";

type AccountIo = Pick<Io, "sql" | "redis" | "clock">;
type Refused<Code extends AccountError["code"]> = Extract<AccountError, { code: Code }>;

/** A shopper's addresses and which is the default. One round trip. */
export async function ownAddresses({ sql }: AccountIo, userId: UserId): Promise<SavedAddress[]> {
  const [rows, profile] = await Promise.all([listAddresses(sql, userId), findProfile(sql, userId)]);
  return rows.map((row) => savedAddress(row, profile?.defaultAddressId ?? null));
}

/** The first address becomes the default by itself. Two at once may pass the limit by one: it bounds a list. */
export async function addAddress(
  io: AccountIo,
  userId: UserId,
  { isDefault, ...address }: z.infer<typeof NewAddress>,
): Promise<Result<SavedAddress, Refused<"address_limit">>> {
  const known = await listAddresses(io.sql, userId);
  if (known.length >= ADDRESSES_MAX) return err({ code: "address_limit", max: ADDRESSES_MAX });
  const nowMs = io.clock.nowMs();
  const id = newId(AddressId, "adr");
  const row = { id, userId, ...columnsOf(address), createdAtMs: nowMs, updatedAtMs: nowMs };
  const isFirst = isDefault ?? known.length === 0;
  await insertAddress(io.sql, row);
  if (isFirst) await setDefaultAddress(io, userId, id);
  return ok(savedAddress(row, isFirst ? id : null));
}

export async function changeAddress(
  io: AccountIo,
  { userId, id }: { userId: UserId; id: AddressId },
  { isDefault, ...change }: z.infer<typeof AddressChange>,
): Promise<Result<SavedAddress, Refused<"address_unknown">>> {
  const { sql } = io;
  const [known, profile] = await Promise.all([
    findAddress(sql, { userId, id }),
    findProfile(sql, userId),
  ]);
  if (!known) return err({ code: "address_unknown" });
  const nowMs = io.clock.nowMs();
  const given = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<Address>;
  const columns = columnsOf({ ...addressOf(known), ...given });
  const row = { ...known, ...columns, updatedAtMs: nowMs };
  await updateAddress(sql, { userId, id }, columns, nowMs);
  const before = profile?.defaultAddressId ?? null;
  const after = isDefault === undefined ? before : isDefault ? id : before === id ? null : before;
  if (after !== before) await setDefaultAddress(io, userId, after);
  return ok(savedAddress(row, after));
}

export async function removeAddress(
  io: AccountIo,
  { userId, id }: { userId: UserId; id: AddressId },
): Promise<Result<undefined, Refused<"address_unknown">>> {
  const [isGone, profile] = await Promise.all([
    deleteAddress(io.sql, { userId, id }),
    findProfile(io.sql, userId),
  ]);
  if (!isGone) return err({ code: "address_unknown" });
  if (profile?.defaultAddressId === id) {
    await setDefaultAddress(io, userId, null);
  }
  return ok(undefined);
}

const savedAddress = (row: AddressRow, defaultId: AddressId | null): SavedAddress => ({
  id: row.id,
  ...addressOf(row),
  isDefault: row.id === defaultId,
  createdAt: timestamp(row.createdAtMs),
  updatedAt: timestamp(row.updatedAtMs),
});
