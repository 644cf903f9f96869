import type { BenchShop } from "../shop/start-bench-shop.ts";
import { cpuSeconds } from "./cpu.ts";

/** Processor time in seconds, by who used it. `gateways` also hold the processors, sinks and this bench. */
export type ProcessorTime = Record<"runtime" | "gateways" | "mariadb" | "redis", number>;

/** What everything but the generator uses of the processors while `work` runs. */
export async function processorTimeDuring<T>(
  { workerdPid, backends }: BenchShop,
  work: () => Promise<T>,
): Promise<{ value: T; used: ProcessorTime }> {
  const redisPids = Object.values(backends.redis.slots).map(({ pid }) => pid);
  const now = (): ProcessorTime => ({
    runtime: cpuSeconds(workerdPid),
    gateways: cpuSeconds(process.pid),
    mariadb: ofEngine(backends.mysql.pid),
    redis: redisPids.reduce<number>((sum, pid) => sum + ofEngine(pid), 0),
  });
  const before = now();
  const value = await work();
  const after = now();
  return {
    value,
    used: {
      runtime: after.runtime - before.runtime,
      gateways: after.gateways - before.gateways,
      mariadb: after.mariadb - before.mariadb,
      redis: after.redis - before.redis,
    },
  };
}

const ofEngine = (pid: number | undefined) => (pid === undefined ? 0 : cpuSeconds(pid));
