import { createMiddleware } from "hono/factory";
import { sha256Hex } from "../../shared/digest.ts";
import type { Config } from "../config/config.ts";
import type { ApiEnv } from "../http/context.ts";
import { rateLimited } from "../limits/index.ts";
import { countedAs, isUnlimited } from "./counted-as.ts";
import { PACES, type Pace } from "./paces.ts";

/**
 * The coarse limits: by the platform's binding, which counts in each data centre by itself, roughly,
 * and costs no round trip. They keep one address or one token from taking more than its share; what
 * must be counted exactly has a limiter of its own. Who is named neither by address nor token comes
 * from inside.
 */
export const pace = (name: Pace) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const { binding, limit, periodMs } = PACES[name];
    const { visitor, io } = c.var;
    const keys = await subjects(visitor.address, c.req.header("Authorization"), io.config);
    for (const key of keys) {
      const { success } = await c.env[binding].limit({ key });
      if (success) continue;
      const budget = { tries: limit, windowMs: periodMs, retryAfterMs: periodMs };
      throw rateLimited({ code: "rate_limited", policy: name, ...budget });
    }
    await next();
  });

/** Reads and writes are told apart by method alone, which no spelling of a path changes. */
export const paceByMethod = createMiddleware<ApiEnv>((c, next) => {
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  return (isRead ? readPace : writePace)(c, next);
});
const readPace = pace("read");
const writePace = pace("write");

async function subjects(
  address: string | undefined,
  authorization: string | undefined,
  config: Config,
): Promise<string[]> {
  if (address !== undefined && isUnlimited(address, config)) return [];
  const counted = countedAs(address);
  return [
    ...(counted === undefined ? [] : [`address:${counted}`]),
    // Only with an address: a token without one is a call from inside.
    ...(counted === undefined || !authorization ? [] : [`token:${await sha256Hex(authorization)}`]),
  ];
}
