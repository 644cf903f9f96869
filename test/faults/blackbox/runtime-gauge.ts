import { readdirSync, readFileSync } from "node:fs";

type Sample = { atMs: number; pid: number; rssMb: number; handles: number };

const WARM_MS = 15_000;
const SAMPLES_MIN = 5;

/** Memory and open files of the Workers' runtime, one line per life of it. */
export class RuntimeGauge {
  readonly #samples: Sample[] = [];
  readonly #leader: () => number;

  constructor(leader: () => number) {
    this.#leader = leader;
  }

  sample(): void {
    const pid = workerdUnder(this.#leader());
    if (pid === undefined) return; // It is being killed or started.
    try {
      const [, kilobytes] =
        /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
      const handles = readdirSync(`/proc/${pid}/fd`).length;
      this.#samples.push({ atMs: Date.now(), pid, rssMb: Number(kilobytes) / 1_024, handles });
    } catch {
      // It ended between two looks.
    }
  }

  /** By least squares over each life from when it was warm, the longest lives counting most. */
  slopeMbPerMinute(): number {
    let weighted = 0;
    let weights = 0;
    for (const life of Map.groupBy(this.#samples, ({ pid }) => pid).values()) {
      const warm = life.filter(({ atMs }) => atMs - life[0]!.atMs > WARM_MS);
      if (warm.length < SAMPLES_MIN) continue;
      weighted += slopeOf(warm) * warm.length;
      weights += warm.length;
    }
    return weights === 0 ? 0 : weighted / weights;
  }

  /** Open files when the first life was warm, and at the end of the last. */
  handles(): { handlesFirst: number; handlesLast: number } {
    const warm = this.#samples.find(({ atMs }) => atMs - this.#samples[0]!.atMs > WARM_MS);
    return { handlesFirst: warm?.handles ?? 0, handlesLast: this.#samples.at(-1)?.handles ?? 0 };
  }
}

function slopeOf(samples: readonly Sample[]): number {
  const minutes = samples.map(({ atMs }) => atMs / 60_000);
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(minutes), mean(samples.map(({ rssMb }) => rssMb))];
  let above = 0;
  let below = 0;
  for (const [at, { rssMb }] of samples.entries()) {
    above += (minutes[at]! - meanX) * (rssMb - meanY);
    below += (minutes[at]! - meanX) ** 2;
  }
  return below === 0 ? 0 : above / below;
}

/** The largest `workerd` among a process's children: others only serve the development server. */
function workerdUnder(leader: number): number | undefined {
  const found: { pid: number; rss: number }[] = [];
  const walk = (pid: number): void => {
    try {
      const name = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
      const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
      if (name === "workerd") found.push({ pid, rss: pages });
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
      for (const child of children.split(" ").filter(Boolean)) walk(Number(child));
    } catch {
      // It ended between two looks.
    }
  };
  walk(leader);
  return found.sort((a, b) => b.rss - a.rss)[0]?.pid;
}
