import type { Context } from "hono";
import type { ApiEnv } from "../http/context.ts";
import type { Claim } from "../limits/index.ts";
import { countedAs, isUnlimited } from "./counted-as.ts";

/** The claim of a request's address under a policy; none for an address that is not counted. */
export function addressClaim(
  { var: { visitor, io } }: Pick<Context<ApiEnv>, "var">,
  policy: Claim["policy"],
): Claim[] {
  const subject = countedAs(visitor.address);
  if (subject === undefined || isUnlimited(visitor.address!, io.config)) return [];
  return [{ policy, subject }];
}
