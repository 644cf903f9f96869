import type { EdgeReader, NewFact } from "../../platform/edge/index.ts";
import type { SessionId, UserId } from "../../shared/ids.ts";
import type { AccessClaims } from "../tokens/token-claims.ts";
import { LEEWAY_SECONDS } from "../tokens/token-claims.ts";
import { ACCESS_TTL_SECONDS } from "../tokens/token-desk.ts";

const ofSession = (id: SessionId) => `session:${id}`;
const ofUser = (id: UserId) => `user:${id}`;

/** No access token that was made before outlives this. A minute more, for clocks that differ. */
export const REVOCATION_KEPT_MS = (ACCESS_TTL_SECONDS + LEEWAY_SECONDS + 60) * 1_000;

export const sessionEnded = (id: SessionId, nowMs: number): NewFact => ({
  kind: "revoke",
  value: ofSession(id),
  untilMs: nowMs + REVOCATION_KEPT_MS,
});

/**
 * All that was signed before this epoch of the user is over. A number, not a time: which of two came
 * first is decided by the database, not by the clocks of two data centres.
 */
export const userEnded = (id: UserId, epoch: number, nowMs: number): NewFact => ({
  kind: "revoke",
  value: ofUser(id),
  data: String(epoch),
  untilMs: nowMs + REVOCATION_KEPT_MS,
});

export function isRevoked(
  { view }: Pick<EdgeReader, "view">,
  { sid, sub, epoch }: Pick<AccessClaims, "sid" | "sub" | "epoch">,
  nowMs: number,
): boolean {
  if (view.revocation(ofSession(sid), nowMs) !== undefined) return true;
  const endedBefore = view.revocation(ofUser(sub), nowMs);
  return endedBefore !== undefined && epoch < Number(endedBefore);
}
