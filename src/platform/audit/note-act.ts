import { randomSuffix } from "../../shared/ids.ts";
import type { Io } from "../io/io.ts";
import type { SqlSession } from "../sql/session.ts";
import { auditLog } from "./schema.ts";

export type NotedAct = {
  /** Whose doing it was: a user's id. */
  actor: string;
  /** Past tense with its area: `account.password_changed`. */
  action: string;
  /** Ids alone: no address, no secret, nothing that erasing an account would have to find here. */
  target: Readonly<Record<string, string>>;
};

/** Writes what is done, in its own transaction: the row stands exactly if the change does. */
export async function noteAct(
  tx: SqlSession,
  { clock, trace }: Pick<Io, "clock" | "trace">,
  { actor, action, target }: NotedAct,
): Promise<void> {
  await tx.insert(auditLog).values({
    id: `aud_${randomSuffix()}`,
    actor,
    action,
    target,
    atMs: clock.nowMs(),
    requestId: trace,
    outcome: {},
  });
}
