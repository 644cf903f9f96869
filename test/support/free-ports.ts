import type { Ports } from "../../local/stack.ts";

/** 0 asks for a free port: a test's engines stand beside a running shop's. */
export const FREE_PORTS: Ports = {
  api: 0,
  messages: 0,
  deliveries: 0,
  stripe: 0,
  adyen: 0,
  issuer: 0,
  planetscale: 0,
  planetscaleReplica: 0,
  neon: 0,
  mysql: 0,
  redis: { session: 0, user: 0, payment: 0, buffer: 0, blocklist: 0, content: 0 },
};
