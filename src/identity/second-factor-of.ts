import type { SignInMethod } from "../platform/http/shopper.ts";
import type { Io } from "../platform/io/io.ts";
import type { UserId } from "../shared/ids.ts";
import { findTotp } from "./factors/totp-store.ts";

/** What is asked for beside the password, any one of it. */
export type SecondFactor = { methods: readonly SignInMethod[] };

/** The user's second factor; undefined for who has set none. */
export type FindSecondFactor = (
  io: Pick<Io, "sql">,
  userId: UserId,
) => Promise<SecondFactor | undefined>;

export const findSecondFactor: FindSecondFactor = async ({ sql }, userId) => {
  const totp = await findTotp(sql, userId);
  return totp?.secret ? { methods: ["totp", "recovery_code"] } : undefined;
};
