import { type CartOwner, ownerName } from "../cart/index.ts";

/**
 * Whether a checkout is one of these owners' to see. A guest's opens to its unguessable id alone; an
 * account's, whose id may stand in a browser that others use, only to the account.
 */
export function mayHave(owner: CartOwner, proven: readonly CartOwner[]): boolean {
  if (proven.length === 0) return owner.kind === "guest";
  return proven.some((each) => ownerName(each) === ownerName(owner));
}
