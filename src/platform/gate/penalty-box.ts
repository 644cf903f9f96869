import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import type { Config } from "../config/config.ts";
import type { ApiEnv } from "../http/context.ts";
import { executionContextOf } from "../http/execution-context.ts";
import { asProblem, problemStatus } from "../http/problem.ts";
import { type Claim, type RateLimited, rateLimited, takeTries } from "../limits/index.ts";
import { logError } from "../telemetry/log.ts";
import { Meter } from "../telemetry/meter.ts";

export type Misdeed = {
  /** The answers that count, by their status: 404 for a token that opens nothing. */
  status: number;
  /** Whom they are counted for; empty for nobody. */
  claims(c: Context<ApiEnv>): Claim[];
};

const HELD_MAX = 10_000;

/** Who is over a limit, as far as this isolate was told, and until when. */
class Held {
  readonly #until = new Map<string, { limited: RateLimited; untilMs: number }>();

  find(name: string, nowMs: number): RateLimited | undefined {
    const held = this.#until.get(name);
    if (!held) return undefined;
    const retryAfterMs = held.untilMs - nowMs;
    if (retryAfterMs > 0) return { ...held.limited, retryAfterMs };
    this.#until.delete(name);
    return undefined;
  }

  add(name: string, limited: RateLimited, nowMs: number): void {
    if (this.#until.size >= HELD_MAX) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(name, { limited, untilMs: nowMs + limited.retryAfterMs });
  }
}

const boxes = new WeakMap<Config, Held>();

function heldIn(config: Config): Held {
  const known = boxes.get(config) ?? new Held();
  boxes.set(config, known);
  return known;
}

/**
 * For what only its outcome shows to be bad, on routes where the good must not pay for counting: an
 * exact limiter counts the bad ones behind their answers, and the isolate then refuses whoever is over,
 * before the route does anything. So honest requests cost no round trip; an attacker is let through
 * once more by each isolate that has not heard of them yet, and by what is under way at the same time.
 */
export const penaltyBox = ({ status, claims }: Misdeed) =>
  createMiddleware<ApiEnv>(async (c, next) => {
    const { config, clock } = c.var.io;
    const claimed = claims(c);
    const held = heldIn(config);
    for (const claim of claimed) {
      const limited = held.find(nameOf(claim), clock.nowMs());
      if (limited) throw rateLimited(limited);
    }
    await next();
    const answered = c.error ? problemStatus(asProblem(c.error)) : c.res.status;
    if (answered !== status || claimed.length === 0) return;
    const counting = Promise.all(claimed.map((claim) => count(c, claim, held)));
    executionContextOf(c)?.waitUntil(counting);
  });

async function count(c: Context<ApiEnv>, claim: Claim, held: Held): Promise<void> {
  const { config, clock } = c.var.io;
  try {
    // Not metered: the answer is on its way.
    const taken = await takeTries(c.env, { config, meter: new Meter() }, [claim]);
    if (!taken.ok) held.add(nameOf(claim), taken.error, clock.nowMs());
  } catch (error) {
    logError("limits.not_counted", error, { policy: claim.policy.name });
  }
}

const nameOf = ({ policy, subject }: Claim) => `${policy.name}|${subject}`;
