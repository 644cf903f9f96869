import type { SessionId, UserId } from "../../shared/ids.ts";

/** The ways by which somebody can prove who they are. */
export const SIGN_IN_METHODS = ["password", "totp", "recovery_code", "passkey", "oidc"] as const;
export type SignInMethod = (typeof SIGN_IN_METHODS)[number];

/** Who is asking, as their access token says. */
export type Shopper = {
  readonly userId: UserId;
  readonly sessionId: SessionId;
  /** Of how many ends of all sessions the token is aware: a change of how one signs in is one. */
  readonly epoch: number;
  /** When they last proved it, not when the token was made: for steps that ask for a recent proof. */
  readonly authenticatedAtMs: number;
  /** By what they proved it. */
  readonly methods: readonly SignInMethod[];
};
