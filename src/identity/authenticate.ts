import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { DependencyDown } from "../platform/dependency.ts";
import type { ApiEnv } from "../platform/http/context.ts";
import { executionContextOf } from "../platform/http/execution-context.ts";
import { Problem } from "../platform/http/problem.ts";
import { withholder } from "../platform/http/withhold.ts";
import { awaitWholeFeed } from "./sessions/await-whole-feed.ts";
import { isRevoked } from "./sessions/revocations.ts";
import type { AccessClaims } from "./tokens/token-claims.ts";
import { tokenDesk } from "./tokens/token-desk.ts";

/**
 * Finds out who is asking, from the token and from what the isolate knows of revocations: no system is
 * asked. Without a token nothing is looked at. An isolate that has not heard from the feed for a second
 * asks it: beside the work of a read, whose answer it may still withhold, and before a write. The gate
 * has asked the same for every visitor with an address, so a token costs no step more.
 */
export const authenticate = createMiddleware<ApiEnv>(async (c, next) => {
  const header = c.req.header("Authorization");
  if (header === undefined) return next();

  const { clock, config } = c.var.io;
  const claims = await tokenDesk(config).readAccess(bearerOf(header), clock.nowMs());
  if (!claims) throw refused();
  const { edge } = c.var;
  edge.keepFresh(clock.nowMs());
  if (isRevoked(edge.reader, claims, clock.nowMs())) throw refused();
  c.set("shopper", {
    userId: claims.sub,
    sessionId: claims.sid,
    epoch: claims.epoch,
    authenticatedAtMs: claims.auth_time * 1_000,
    methods: claims.amr,
  });
  if (edge.reader.state(clock.nowMs()) === "fresh" && edge.reader.view.isWhole) return next();
  if (!isRead(c)) {
    await edge.refresh();
    await requireStanding(c, claims);
    return next();
  }
  const learning = edge.learn();
  const withhold = withholder(c);
  await next();
  await learning;
  try {
    await requireStanding(c, claims);
  } catch (refusal) {
    withhold();
    throw refusal;
  }
});

/** Only shoppers who are signed in. */
export const requireShopper = createMiddleware<ApiEnv>(async (c, next) => {
  // Nothing was wrong with a token: none was sent.
  if (!c.var.shopper) throw new Problem("unauthorized", {}, { "WWW-Authenticate": "Bearer" });
  await next();
});

const bearerOf = (header: string): string => /^Bearer ([^\s,]+)$/i.exec(header)?.[1] ?? "";

const refused = () =>
  new Problem("unauthorized", {}, { "WWW-Authenticate": 'Bearer error="invalid_token"' });

async function requireStanding(c: Context<ApiEnv>, claims: AccessClaims): Promise<void> {
  const { edge, io } = c.var;
  const { reader } = edge;
  if (!reader.view.isWhole && !isBrowsing(c) && reader.state(io.clock.nowMs()) !== "blind") {
    const waitUntil = (work: Promise<unknown>) => executionContextOf(c)?.waitUntil(work);
    await awaitWholeFeed(io, c.env, { edge, waitUntil });
  }
  const nowMs = io.clock.nowMs();
  if (isRevoked(reader, claims, nowMs)) throw refused();
  const isKnown = reader.state(nowMs) !== "blind" && reader.view.isWhole;
  if (!isKnown && !isBrowsing(c)) throw new DependencyDown("edge feed");
}

const isRead = ({ req: { method } }: Context<ApiEnv>) => method === "GET" || method === "HEAD";

/** What goes on while nobody can say which tokens were revoked: it shows the same to everybody. */
const BROWSING = /^\/api\/v\d\/(?:products|categories|availability|search|content|health)(?:\/|$)/;
const isBrowsing = (c: Context<ApiEnv>) => isRead(c) && BROWSING.test(c.req.path);
