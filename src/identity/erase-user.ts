import { eq, or } from "drizzle-orm";
import { noteAct } from "../platform/audit/note-act.ts";
import type { EdgeFeedBinding } from "../platform/edge/index.ts";
import type { Io } from "../platform/io/io.ts";
import { logInfo } from "../platform/telemetry/log.ts";
import type { UserId } from "../shared/ids.ts";
import { recoveryCodes, totpFactors } from "./factors/schema.ts";
import { oidcIdentities } from "./oidc/schema.ts";
import { passkeys } from "./passkeys/schema.ts";
import { accountMails, passwords, sessions, users } from "./schema.ts";
import { tellEpoch } from "./sessions/close-session.ts";
import { nextEpoch } from "./user-store.ts";

/**
 * Closes an account for good: every session ends, nothing can sign in any more, and what is kept says
 * neither who it was nor lets anybody find out. What stays is the bare row, so that revocations that are
 * still to be told find it, and its address is free for a new account. May be repeated.
 */
export async function eraseUser(
  io: Pick<Io, "sql" | "clock" | "meter" | "trace">,
  env: EdgeFeedBinding,
  userId: UserId,
): Promise<void> {
  const nowMs = io.clock.nowMs();
  const email = `${userId}@account.invalid`;
  const epoch = await io.sql.transaction(async (tx) => {
    const [known] = await tx
      .select({ email: users.email, emailKey: users.emailKey, epoch: users.sessionEpoch })
      .from(users)
      .where(eq(users.id, userId))
      .for("update");
    if (!known) return undefined;
    const isErased = known.email === email;
    for (const table of [passwords, totpFactors, recoveryCodes, passkeys, oidcIdentities]) {
      await tx.delete(table).where(eq(table.userId, userId));
    }
    await tx.delete(sessions).where(eq(sessions.userId, userId));
    if (isErased) return undefined;
    // Those to its address, and to one that it wanted to have.
    const isTheirs = or(eq(accountMails.emailKey, known.emailKey), eq(accountMails.userId, userId));
    await tx.delete(accountMails).where(isTheirs);
    await tx
      .update(users)
      .set({
        email,
        emailKey: email,
        status: "disabled",
        ...nextEpoch(nowMs),
        updatedAtMs: nowMs,
      })
      .where(eq(users.id, userId));
    await noteAct(tx, io, { actor: userId, action: "account.erased", target: { userId } });
    return known.epoch + 1;
  });
  if (epoch === undefined) return;
  logInfo("identity.account_erased", { userId, trace: io.trace });
  await tellEpoch(io, env, { userId, epoch, reason: "account_erased" });
}
