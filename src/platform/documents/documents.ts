import { neon, neonConfig } from "@neondatabase/serverless";
import { drizzle, type NeonHttpDatabase } from "drizzle-orm/neon-http";
import { DependencyDown } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";

/** Drizzle over Neon's SQL-over-HTTP. `db.batch([...])` is one transaction; `db.transaction` throws there. */
export type Documents = NeonHttpDatabase;

export type DocumentsOptions = {
  url: string;
  /** Where the SQL-over-HTTP endpoint is not the one that the host's name implies. */
  endpoint: string | undefined;
  meter: Meter;
  timeoutMs: number;
};

type RequestContext = { meter: Meter; timeoutMs: number };

// The driver takes one fetch function for the whole isolate, but passes each client's `fetchOptions`
// through to it: so the request's own meter travels there.
neonConfig.fetchFunction = (url: string, init: RequestInit & { context: RequestContext }) => {
  const { context, ...request } = init;
  return context.meter.step("neon", async () => {
    const signal = AbortSignal.timeout(context.timeoutMs);
    let response: Response;
    try {
      response = await fetch(url, { ...request, signal });
    } catch (error) {
      throw new DependencyDown("neon", error);
    }
    if (response.status >= 500 || response.status === 429) {
      await response.body?.cancel();
      throw new DependencyDown("neon", new Error(`HTTP ${response.status}`));
    }
    return response;
  });
};

export function openDocuments({ url, endpoint, meter, timeoutMs }: DocumentsOptions): Documents {
  if (endpoint) neonConfig.fetchEndpoint = endpoint;
  const context: RequestContext = { meter, timeoutMs };
  return drizzle(neon(url, { fetchOptions: { context } }));
}
