import { createServer } from "node:net";
import type { RedisRole } from "../engines/redis.ts";

/** Where everything listens, on 127.0.0.1. `redis` holds one port per role. */
export type Ports = {
  api: number;
  messages: number;
  deliveries: number;
  stripe: number;
  adyen: number;
  issuer: number;
  mysql: number;
  planetscale: number;
  planetscaleReplica: number;
  neon: number;
  redis: Record<RedisRole, number>;
};

export const DEFAULT_PORTS: Ports = {
  api: 8787,
  messages: 8788,
  deliveries: 8789,
  stripe: 8790,
  adyen: 8791,
  planetscale: 8792,
  planetscaleReplica: 8793,
  neon: 8794,
  redis: { session: 8795, user: 8796, payment: 8797, buffer: 8798, blocklist: 8799, content: 8800 },
  mysql: 8801,
  issuer: 8802,
};

/** `preferred` when nobody listens there, else a free one. 0 asks for a free one. */
export async function availablePort(preferred: number): Promise<number> {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  return (await tryPort(0)) ?? 0;
}

/** For a server that can listen on 0 itself, which leaves nobody a moment to take the port. */
export const preferredPort = async (preferred: number): Promise<number> =>
  preferred !== 0 && (await isFree(preferred)) ? preferred : 0;

const isFree = async (port: number): Promise<boolean> => (await tryPort(port)) !== undefined;

const FREE_WITHIN_MS = 3_000;
const ASK_AGAIN_MS = 100;

/** Also waits a little: what a killed start left behind may take a moment to let go of its port. */
export async function isFreeSoon(port: number): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < FREE_WITHIN_MS; waitedMs += ASK_AGAIN_MS) {
    if (await isFree(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
  return isFree(port);
}

/** Listens for a moment. Another program may still be faster afterwards; then its owner fails loudly. */
function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      const taken = typeof address === "object" ? address?.port : undefined;
      server.close(() => resolve(taken));
    });
  });
}
