import type { Context } from "hono";
import type { ApiEnv } from "../http/context.ts";
import type { Claim } from "../limits/index.ts";
import { countedAs, isUnlimited } from "./counted-as.ts";

type Visit = Pick<Context<ApiEnv>, "var">;

/** What a request's address is counted as; `undefined` for one that is not counted. */
export function countedAddress({ var: { visitor, io } }: Visit): string | undefined {
  const subject = countedAs(visitor.address);
  return subject === undefined || isUnlimited(visitor.address!, io.config) ? undefined : subject;
}

/** The claim of a request's address under a policy; none for an address that is not counted. */
export function addressClaim(visit: Visit, policy: Claim["policy"]): Claim[] {
  const subject = countedAddress(visit);
  return subject === undefined ? [] : [{ policy, subject }];
}
