import { findUser } from "../identity/index.ts";
import type { Io } from "../platform/io/io.ts";
import { timestamp } from "../shared/clock.ts";
import type { UserId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { findAddress } from "./address-store.ts";
import type { AccountError, Me, MeChange } from "./model.ts";
import { findProfile, saveProfile } from "./profile-store.ts";

type AccountIo = Pick<Io, "sql" | "redis" | "clock">;
type Refusal = Extract<AccountError, { code: "account_unknown" | "address_unknown" }>;

/** Who is signed in. One round trip; `undefined` for an account that was closed a moment ago. */
export async function findMe({ sql }: Pick<Io, "sql">, userId: UserId): Promise<Me | undefined> {
  const [user, profile] = await Promise.all([findUser(sql, userId), findProfile(sql, userId)]);
  if (!user) return undefined;
  const { name = null, phone = null, marketingConsent = false } = profile ?? {};
  const { consentChangedAtMs = null, defaultAddressId = null } = profile ?? {};
  return {
    id: user.userId,
    email: user.email,
    emailVerified: true,
    name,
    phone,
    marketingConsent,
    consentChangedAt: consentChangedAtMs === null ? null : timestamp(consentChangedAtMs),
    defaultAddressId,
    createdAt: timestamp(user.createdAtMs),
  };
}

export async function changeMe(
  io: AccountIo,
  userId: UserId,
  change: MeChange,
): Promise<Result<Me, Refusal>> {
  const { defaultAddressId: id } = change;
  const [user, address] = await Promise.all([
    findUser(io.sql, userId),
    id ? findAddress(io.sql, { userId, id }) : undefined,
  ]);
  // A token outlives its account by a second: nothing is written of who is gone.
  if (!user) return err({ code: "account_unknown" });
  if (id && !address) return err({ code: "address_unknown" });
  await saveProfile(io, userId, change);
  const me = await findMe(io, userId);
  return me ? ok(me) : err({ code: "account_unknown" });
}
