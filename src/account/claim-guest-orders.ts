import { findUser } from "../identity/index.ts";
import { claimOrders, type OrderQueues } from "../orders/index.ts";
import type { Io } from "../platform/io/io.ts";
import type { OrderId, UserId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";

/** The address is the account's own, so it was proven: by the mail that made the account, or changed it. */
export async function claimGuestOrders(
  io: Pick<Io, "sql" | "clock" | "trace" | "meter">,
  queues: OrderQueues,
  userId: UserId,
): Promise<Result<{ claimed: OrderId[]; more: boolean }, { code: "account_unknown" }>> {
  const user = await findUser(io.sql, userId);
  if (!user) return err({ code: "account_unknown" });
  return ok(await claimOrders(io, queues, { userId, provenEmail: user.email }));
}
