import { randomSuffix } from "../../shared/ids.ts";

/** The caller's own id where it can do no harm in logs and headers, else a fresh one. */
export function newRequestId(offered: string | null | undefined): string {
  return offered && /^[\w-]{8,64}$/.test(offered) ? offered : `req_${randomSuffix()}`;
}
