import { type Answer, Connection, type RequestParts, requestBytes } from "./connection.ts";
import { Latencies } from "./latencies.ts";

/** What one run sends, plain data so that it can be handed to another process. */
export type Job = {
  url: string;
  /** Sent in turn, again from the start when they run out, unless `once`. */
  requests: RequestParts[];
  connections: number;
  /** Ends after so long, or when every request was sent `once`. */
  forMs: number;
  once?: boolean;
  /**
   * Absent: each connection sends as soon as it was answered (a closed loop, for capacity). Present:
   * sends are due at this rate, and latency counts from when each was due, not from when a busy
   * connection came round to it (an open loop, for latency).
   */
  perSecond?: number;
};

export type Run = {
  requests: number;
  seconds: number;
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  statuses: Record<string, number>;
  /** `X-Cache` → count. */
  layers: Record<string, number>;
  bodyBytes: number;
  /** Processor time of the generator ÷ wall time. Near 1, the generator is what was measured. */
  generatorCpu: number;
};

/** Sends a job's requests and adds up what came back. Rejects when a connection breaks. */
export async function drive(job: Job): Promise<Run> {
  const url = new URL(job.url);
  const requests = job.requests.map((parts) => requestBytes(url, parts));
  const opened = await Promise.all(
    Array.from({ length: job.connections }, () => Connection.open(url)),
  );
  const tally = new Tally();
  const cpuAtStart = process.cpuUsage();
  const startedAtMs = performance.now();
  const plan = new Plan(job, startedAtMs);
  try {
    await Promise.all(opened.map((connection) => sendAll(connection, requests, plan, tally)));
  } finally {
    for (const connection of opened) connection.close();
  }
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const { user, system } = process.cpuUsage(cpuAtStart);
  return tally.run(seconds, (user + system) / 1e6 / seconds);
}

async function sendAll(
  connection: Connection,
  requests: readonly Buffer[],
  plan: Plan,
  tally: Tally,
): Promise<void> {
  for (let next = plan.take(); next; next = plan.take()) {
    await until(next.dueAtMs);
    const answer = await connection.send(requests[next.index]!);
    tally.add(answer, performance.now() - next.dueAtMs);
  }
}

/** A timer is a millisecond late or more, which would be told as the server's latency: the rest is spun. */
async function until(dueAtMs: number): Promise<void> {
  const timerMs = dueAtMs - performance.now() - 2;
  if (timerMs > 0) await new Promise((wake) => setTimeout(wake, timerMs));
  while (performance.now() < dueAtMs) await new Promise((wake) => setImmediate(wake));
}

/** Hands out what to send and when, to whichever connection is free. */
class Plan {
  readonly #job: Job;
  readonly #startedAtMs: number;
  #taken = 0;

  constructor(job: Job, startedAtMs: number) {
    this.#job = job;
    this.#startedAtMs = startedAtMs;
  }

  take(): { index: number; dueAtMs: number } | undefined {
    const { requests, once, perSecond, forMs } = this.#job;
    const sequence = this.#taken;
    const dueAtMs = perSecond
      ? this.#startedAtMs + (sequence * 1_000) / perSecond
      : performance.now();
    if (dueAtMs - this.#startedAtMs > forMs || (once && sequence >= requests.length)) return;
    this.#taken += 1;
    return { index: sequence % requests.length, dueAtMs };
  }
}

const X_CACHE = /\r\nx-cache: *([^\r]*)/i;

class Tally {
  readonly #latencies = new Latencies();
  readonly #statuses: Record<string, number> = {};
  readonly #layers: Record<string, number> = {};
  #bodyBytes = 0;

  add(answer: Answer, ms: number): void {
    this.#latencies.add(ms);
    this.#bodyBytes += answer.body.length;
    count(this.#statuses, String(answer.status));
    const layer = X_CACHE.exec(answer.head)?.[1];
    if (layer) count(this.#layers, layer);
  }

  run(seconds: number, generatorCpu: number): Run {
    const [p50Ms, p99Ms] = this.#latencies.percentiles([0.5, 0.99]);
    const requests = this.#latencies.count;
    return {
      requests,
      seconds,
      perSecond: requests / seconds,
      p50Ms,
      p99Ms,
      statuses: this.#statuses,
      layers: this.#layers,
      bodyBytes: this.#bodyBytes,
      generatorCpu,
    };
  }
}

const count = (counts: Record<string, number>, key: string) => {
  counts[key] = (counts[key] ?? 0) + 1;
};
