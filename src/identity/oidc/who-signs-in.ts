import type { OidcPerson } from "./verify-id-token.ts";

/** What is known here of the person an issuer vouches for. */
export type KnownAccounts<UserId> = {
  /** The account that this issuer's subject was linked with. */
  linked: UserId | undefined;
  /** The account that has the person's address, or one that is the same mailbox by our rule. */
  byEmail: { userId: UserId; email: string } | undefined;
};

export type SignInDecision<UserId> =
  | { kind: "sign_in"; userId: UserId }
  | { kind: "link"; userId: UserId }
  | { kind: "create"; email: string }
  | { kind: "refuse"; code: "email_unverified" | "link_required" };

/**
 * Decides whose account an issuer's person opens. The subject alone is an identity: addresses change hands
 * at issuers, so an address is looked at only when a subject comes for the first time, only one that the
 * issuer says it verified, and only of an issuer that is trusted to say so. Accounts here have proven
 * their address as well, so neither side can lie in wait for the other.
 */
export function whoSignsIn<UserId>(
  { verifiedEmail }: OidcPerson,
  { linked, byEmail }: KnownAccounts<UserId>,
  { vouchesForEmail }: { vouchesForEmail: boolean },
): SignInDecision<UserId> {
  if (linked !== undefined) return { kind: "sign_in", userId: linked };
  // A careless issuer's word must open nothing that a mailbox's owner would later find occupied.
  if (!vouchesForEmail) return { kind: "refuse", code: "link_required" };
  if (verifiedEmail === undefined) return { kind: "refuse", code: "email_unverified" };
  if (!byEmail) return { kind: "create", email: verifiedEmail };
  // `bob+x@` and `bob@` are one account here, but not at every provider one mailbox.
  const isSame = byEmail.email.toLowerCase() === verifiedEmail.toLowerCase();
  return isSame
    ? { kind: "link", userId: byEmail.userId }
    : { kind: "refuse", code: "link_required" };
}
