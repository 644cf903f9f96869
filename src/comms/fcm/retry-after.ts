import type { ProviderAnswer } from "../provider-call.ts";

/** What Google asks of who is told 429 without a time. */
const QUOTA_SECONDS = 60;

/** When a provider wants to be asked again, of an answer that is no success; undefined where it does not say. */
export function retryAfterSeconds({ status, headers }: ProviderAnswer): number | undefined {
  const written = headers.get("Retry-After")?.trim() ?? "";
  if (/^\d{1,6}$/.test(written)) return Number(written);
  return status === 429 ? QUOTA_SECONDS : undefined;
}
