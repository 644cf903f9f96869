/** How long a replaced token still gets its successor: for who never heard the answer. */
const REFRESH_GRACE_MS = 60_000;

export type RefreshFacts = {
  /** Of the token that was sent. */
  offered: number;
  /** Whether it was replaced just now, for this request. */
  rotated: boolean;
  session: { generation: number; rotatedAtMs: number; expiresAtMs: number; isOver: boolean };
  nowMs: number;
};

/** `reuse`: somebody else has the token too, and nobody can say which of them is the shopper. */
export type RefreshVerdict = "successor" | "refused" | "reuse";

/**
 * What a refresh token is worth. One that was replaced within the grace gets the same successor, as
 * long as that one was not used itself; every other use of a replaced token is reuse.
 */
export function judgeRefresh({ offered, rotated, session, nowMs }: RefreshFacts): RefreshVerdict {
  const { generation, rotatedAtMs, expiresAtMs, isOver } = session;
  if (isOver || expiresAtMs <= nowMs || offered > generation) return "refused";
  if (rotated) return "successor";
  const isLastOne = generation === offered + 1;
  return isLastOne && nowMs - rotatedAtMs <= REFRESH_GRACE_MS ? "successor" : "reuse";
}
