import { boundedText } from "../platform/bounded-text.ts";
import { DependencyDown } from "../platform/dependency.ts";
import type { Meter } from "../platform/telemetry/meter.ts";

/** How messages go out, as the meter and the log name it. */
type ProviderKind = "mail" | "sms" | "push";

export type ProviderAnswer = { status: number; headers: Headers; body: string };

const ANSWER_BYTES_MAX = 64 * 1024;

/** Posts to a provider and reads what it says. Throws `DependencyDown` for silence, and for no end of words. */
export function callProvider(
  { meter, timeoutMs }: { meter: Meter; timeoutMs: number },
  kind: ProviderKind,
  url: string,
  request: { headers: Record<string, string>; body: string },
): Promise<ProviderAnswer> {
  return meter.step(kind, async () => {
    try {
      const response = await fetch(url, {
        method: "POST",
        ...request,
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const { status, headers } = response;
      return { status, headers, body: await boundedText(response, ANSWER_BYTES_MAX) };
    } catch (error) {
      throw new DependencyDown(kind, error);
    }
  });
}

/** What a provider answered, if it is JSON. */
export function parseAnswer({ body }: ProviderAnswer): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
