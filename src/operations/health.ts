import { sql } from "drizzle-orm";
import { z } from "zod";
import type { Io } from "../platform/io/io.ts";
import type { RedisRole } from "../platform/redis/redis.ts";

export const Health = z
  .object({
    status: z.enum(["ok", "degraded", "down"]),
    version: z.string(),
    checks: z.record(
      z.string(),
      z.object({ status: z.enum(["ok", "down"]), latencyMs: z.int().min(0) }),
    ),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;

/** Without these nothing can be sold; without the others the shop is slower or poorer, but open. */
const VITAL = new Set(["mysql"]);

/** Asks every dependency at once. `down` when a vital one is; `degraded` when any other is. */
export async function checkHealth(io: Io, version: string): Promise<Health> {
  const names = Object.keys(PROBES);
  const checks = await Promise.all(names.map((name) => probe(io, PROBES[name]!)));
  const byName = Object.fromEntries(names.map((name, index) => [name, checks[index]!]));
  const down = names.filter((name) => byName[name]?.status === "down");
  const status = down.some((name) => VITAL.has(name))
    ? "down"
    : down.length > 0
      ? "degraded"
      : "ok";
  return { status, version, checks: byName };
}

type Probe = (io: Io) => Promise<unknown>;

const ping =
  (role: RedisRole): Probe =>
  (io) =>
    io.redis(role, (client) => client.ping());

const PROBES: Record<string, Probe> = {
  mysql: (io) => io.sql.execute(sql`select 1`),
  replica: (io) => io.replica.execute(sql`select 1`),
  neon: (io) => io.documents.execute(sql`select 1`),
  "redis-session": ping("session"),
  "redis-user": ping("user"),
  "redis-payment": ping("payment"),
  "redis-buffer": ping("buffer"),
  "redis-blocklist": ping("blocklist"),
  "redis-content": ping("content"),
};

/** Any failure counts: a database that answers with an error does not serve either. */
async function probe(io: Io, ask: Probe): Promise<Health["checks"][string]> {
  const startedMs = io.clock.nowMs();
  const isUp = await ask(io).then(
    () => true,
    () => false,
  );
  return { status: isUp ? "ok" : "down", latencyMs: io.clock.nowMs() - startedMs };
}
