import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../engines/child.ts";
import { type MariaDb, startMariaDb } from "../engines/mariadb.ts";
import { REDIS_ROLES, type Redis, type RedisRole, startRedis } from "../engines/redis.ts";
import type { Gateway } from "../gateways/gateway.ts";
import { startNeon } from "../gateways/neon.ts";
import { startPlanetScale } from "../gateways/planetscale.ts";
import { startUpstash } from "../gateways/upstash.ts";
import { startIssuer } from "../issuer/issuer.ts";
import { startAdyen } from "../processors/adyen.ts";
import { startStripe } from "../processors/stripe.ts";
import { startDeliveries } from "../sinks/deliveries.ts";
import { startMessages } from "../sinks/messages.ts";
import { EngineSlot, type OnDeath } from "./engine-slot.ts";
import { availablePort, DEFAULT_PORTS, type Ports, preferredPort } from "./ports.ts";
import { pushAccountAt } from "./push-account.ts";
import { localSecrets, type Secrets } from "./secrets.ts";
import { ADYEN_MERCHANT, ISSUER_CLIENT, type Vars, varsFor } from "./vars.ts";

export type BackendsOptions = {
  /** Holds all data. Belongs to one running stack at a time. */
  dir: string;
  /** Wishes: a port that is taken, or 0, becomes a free one. */
  ports?: Partial<Ports>;
  log: Log;
  onDeath?: OnDeath;
};

export type Backends = {
  readonly dir: string;
  readonly ports: Ports;
  /** What the Workers are given, by name. */
  readonly vars: Vars;
  readonly staffKey: string;
  readonly mysql: EngineSlot<MariaDb>;
  readonly redis: {
    readonly slots: Readonly<Record<RedisRole, EngineSlot<Redis>>>;
    /** Without a role: all of them. */
    stop(role?: RedisRole): Promise<void>;
    start(role?: RedisRole): Promise<void>;
  };
  readonly gateways: Readonly<Record<"planetscale" | "planetscaleReplica" | "neon", Gateway>> & {
    readonly redis: Readonly<Record<RedisRole, Gateway>>;
  };
  readonly processors: Readonly<Record<"stripe" | "adyen", Gateway>>;
  readonly sinks: Readonly<Record<"messages" | "deliveries", Gateway>>;
  /** An OpenID provider with people to sign in as. */
  readonly issuer: Gateway;
  stop(): Promise<void>;
};

const ROLES = Object.keys(REDIS_ROLES) as RedisRole[];
const DATABASE = "frontage";
const USER = "frontage";

/** Starts engines, gateways, processors and sinks; no Workers. Stops what it has started when one fails. */
export async function startBackends(options: BackendsOptions): Promise<Backends> {
  const { dir } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secrets = localSecrets(dir);
  const wishes = { ...DEFAULT_PORTS, ...options.ports };

  const started: (() => Promise<void>)[] = [];
  const stop = async () => {
    // What stands in front goes first, so that nobody sees an engine vanish under a request.
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    const engines = engineSlots(options, await availablePort(wishes.mysql));
    const { mysql, redis } = engines;
    started.push(async () => {
      await Promise.all([mysql.stop(), redis.stop()]);
    });
    await Promise.all([mysql.start(), redis.start()]);

    const services = await startServices(options, wishes, engines, secrets, (gateway) => {
      started.push(() => gateway.close());
    });
    const ports: Ports = {
      api: wishes.api,
      messages: services.sinks.messages.port,
      deliveries: services.sinks.deliveries.port,
      stripe: services.processors.stripe.port,
      adyen: services.processors.adyen.port,
      issuer: services.issuer.port,
      mysql: mysql.engine.port ?? 0,
      planetscale: services.gateways.planetscale.port,
      planetscaleReplica: services.gateways.planetscaleReplica.port,
      neon: services.gateways.neon.port,
      redis: byRole((role) => services.gateways.redis[role].port),
    };
    const vars = varsFor(ports, secrets, { user: USER, database: DATABASE });
    return { dir, ports, vars, staffKey: secrets.staffKey, mysql, redis, ...services, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function engineSlots({ dir, log, onDeath = () => {} }: BackendsOptions, mysqlPort: number) {
  const logs = join(dir, "logs");
  const mysql = new EngineSlot(
    "MariaDB",
    () =>
      startMariaDb({
        dir: join(dir, "mariadb"),
        port: mysqlPort,
        log,
        logFile: join(logs, "mariadb.log"),
      }),
    onDeath,
  );
  const slots = byRole((role) => {
    const logFile = join(logs, `redis-${role}.log`);
    const start = () => startRedis({ dir: join(dir, `redis-${role}`), role, log, logFile });
    return new EngineSlot(`Redis (${role})`, start, onDeath);
  });
  const chosen = (role?: RedisRole) => (role ? [slots[role]] : Object.values(slots));
  const redis = {
    slots,
    stop: async (role?: RedisRole) => {
      await Promise.all(chosen(role).map((slot) => slot.stop()));
    },
    start: async (role?: RedisRole) => {
      await Promise.all(chosen(role).map((slot) => slot.start()));
    },
  };
  return { mysql, redis };
}

async function startServices(
  { dir }: BackendsOptions,
  wishes: Ports,
  { mysql, redis }: ReturnType<typeof engineSlots>,
  secrets: Secrets,
  opened: (gateway: Gateway) => void,
): Promise<Pick<Backends, "gateways" | "processors" | "sinks" | "issuer">> {
  const open = async (starting: Promise<Gateway>): Promise<Gateway> => {
    const gateway = await starting;
    opened(gateway);
    return gateway;
  };
  const planetScale = async (wish: number) =>
    startPlanetScale({
      port: await preferredPort(wish),
      username: USER,
      password: secrets.mysql,
      database: DATABASE,
      connect: { socketPath: mysql.engine.socketPath },
      mysqlUser: mysql.engine.user,
      mysqlPassword: mysql.engine.password,
    });
  const upstash = async (role: RedisRole) =>
    startUpstash({
      port: await preferredPort(wishes.redis[role]),
      token: secrets.redis,
      redis: { socketPath: redis.slots[role].engine.socketPath },
    });
  const neon = async () =>
    startNeon({
      port: await preferredPort(wishes.neon),
      dataDir: join(dir, "neon"),
      username: USER,
      password: secrets.neon,
      database: DATABASE,
    });
  // Without an API of its own port nobody listens: a test of the Workers alone delivers by hand.
  const webhookUrl = (processor: string) =>
    wishes.api === 0 ? undefined : `http://127.0.0.1:${wishes.api}/webhooks/payments/${processor}`;
  const redisGateways: Partial<Record<RedisRole, Gateway>> = {};
  for (const role of ROLES) redisGateways[role] = await open(upstash(role));
  return {
    gateways: {
      planetscale: await open(planetScale(wishes.planetscale)),
      // A second door to the same server: reads that may be stale are counted apart from the others.
      planetscaleReplica: await open(planetScale(wishes.planetscaleReplica)),
      neon: await open(neon()),
      redis: redisGateways as Record<RedisRole, Gateway>,
    },
    processors: {
      stripe: await open(
        startStripe({
          port: await preferredPort(wishes.stripe),
          dir: join(dir, "processors"),
          secretKey: secrets.stripe,
          webhookSecret: secrets.stripeWebhooks,
          webhookUrl: webhookUrl("stripe"),
        }),
      ),
      adyen: await open(
        startAdyen({
          port: await preferredPort(wishes.adyen),
          dir: join(dir, "processors"),
          apiKey: secrets.adyen,
          merchantAccount: ADYEN_MERCHANT,
          hmacKey: secrets.adyenHmac,
          webhookUrl: webhookUrl("adyen"),
        }),
      ),
    },
    issuer: await open(
      startIssuer({
        port: await preferredPort(wishes.issuer),
        clientId: ISSUER_CLIENT,
        clientSecret: secrets.issuer,
      }),
    ),
    sinks: {
      messages: await open(
        startMessages({
          port: await preferredPort(wishes.messages),
          dir: join(dir, "sinks"),
          key: secrets.mail,
          pushAccount: pushAccountAt(secrets),
        }),
      ),
      deliveries: await open(
        startDeliveries({
          port: await preferredPort(wishes.deliveries),
          dir: join(dir, "sinks"),
        }),
      ),
    },
  };
}

function byRole<T>(value: (role: RedisRole) => T): Record<RedisRole, T> {
  return Object.fromEntries(ROLES.map((role) => [role, value(role)])) as Record<RedisRole, T>;
}
