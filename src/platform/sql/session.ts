import { Client } from "@planetscale/database";
import { drizzle, type PlanetScaleDatabase } from "drizzle-orm/planetscale-serverless";
import { DependencyDown } from "../dependency.ts";
import type { Meter } from "../telemetry/meter.ts";
import { saysUnavailable } from "./errors.ts";

/** Drizzle over PlanetScale's HTTP API: stateless autocommit, or inside `transaction` one pinned session. */
export type SqlSession = Pick<
  PlanetScaleDatabase,
  "select" | "selectDistinct" | "insert" | "update" | "delete" | "execute" | "transaction"
>;

export type SqlOptions = {
  url: string;
  /** `replica` for reads that may lag; everything else goes to the primary. */
  role: "mysql" | "replica";
  meter: Meter;
  timeoutMs: number;
};

/**
 * Opens the database for one request. Each statement is one HTTP round trip, so a transaction of n
 * statements is n + 2: prefer one statement whose WHERE carries the guard. The driver knows no
 * timeout, and a COMMIT whose answer was lost looks like a failure: rely on unique keys.
 */
export function openSql({ url, role, meter, timeoutMs }: SqlOptions): SqlSession {
  const post = (input: string, init: unknown) =>
    meter.step(role, async () => {
      const { cache: _cache, ...request } = init as RequestInit & { cache?: unknown };
      let response: Response;
      let body: string;
      try {
        response = await fetch(input, { ...request, signal: AbortSignal.timeout(timeoutMs) });
        body = await response.text();
      } catch (error) {
        throw new DependencyDown(role, error);
      }
      if (response.status >= 500 || response.status === 429 || saysUnavailable(body)) {
        throw new DependencyDown(role, new Error(`HTTP ${response.status}: ${body.slice(0, 300)}`));
      }
      return new Response(body, { status: response.status, headers: response.headers });
    });
  return drizzle(new Client({ url, fetch: post }));
}
