import type { Run } from "../load/drive.ts";
import { median } from "../load/latencies.ts";
import { cpuSeconds } from "./cpu.ts";
import { type Spread, spread } from "./spread.ts";

/** One side of a comparison over all its turns: the median of each figure. */
export type Side = {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Processor time of the whole runtime per request. Unlike the rate, it hardly depends on who else runs. */
  cpuMicros: number;
  requests: number;
  layers: Record<string, number>;
  generatorCpu: number;
};

/** Ours ÷ peer, pair by pair. `cpu` is the peer's processor time per request ÷ ours, so 1 is par in both. */
export type Comparison = { ours: Side; peer: Side; ratio: Spread; cpuRatio: Spread };

export type Pairing = {
  pairs: number;
  runtimePid: number;
  /** Turns of each side in one pair. Short turns that alternate meet the same weather. */
  turns?: number;
  ours(pair: number): Promise<Run>;
  peer(pair: number): Promise<Run>;
};

type Turn = { run: Run; cpuSeconds: number };

/**
 * Drives both in turn, A B A B …, so that what else the machine does meets both alike; the first to go
 * changes from turn to turn.
 */
export async function inTurn(pairing: Pairing): Promise<Comparison> {
  const { pairs, runtimePid, turns = 1 } = pairing;
  const take = async (side: "ours" | "peer", pair: number): Promise<Turn> => {
    const before = cpuSeconds(runtimePid);
    const run = await pairing[side](pair);
    return { run, cpuSeconds: cpuSeconds(runtimePid) - before };
  };
  const measured: { ours: Side; peer: Side }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const taken: Record<"ours" | "peer", Turn[]> = { ours: [], peer: [] };
    for (let turn = 0; turn < turns; turn += 1) {
      const order =
        (pair + turn) % 2 === 0 ? (["ours", "peer"] as const) : (["peer", "ours"] as const);
      for (const side of order) taken[side].push(await take(side, pair));
    }
    measured.push({ ours: sideOf(taken.ours), peer: sideOf(taken.peer) });
  }
  return {
    ours: medianSide(measured.map(({ ours }) => ours)),
    peer: medianSide(measured.map(({ peer }) => peer)),
    ratio: spread(measured.map(({ ours, peer }) => ours.perSecond / peer.perSecond)),
    cpuRatio: spread(measured.map(({ ours, peer }) => peer.cpuMicros / ours.cpuMicros)),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** The turns that one side had in a pair, as one. */
function sideOf(turns: readonly Turn[]): Side {
  const runs = turns.map(({ run }) => run);
  const requests = sum(runs.map((run) => run.requests));
  const seconds = sum(runs.map((run) => run.seconds));
  return {
    perSecond: requests / seconds,
    p50Ms: median(runs.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(runs.map(({ p99Ms }) => p99Ms)),
    cpuMicros: (sum(turns.map((turn) => turn.cpuSeconds)) * 1e6) / requests,
    requests,
    layers: addUp(runs.map(({ layers }) => layers)),
    generatorCpu: sum(runs.map((run) => run.generatorCpu * run.seconds)) / seconds,
  };
}

function medianSide(sides: readonly Side[]): Side {
  const middle = (of: (side: Side) => number) => median(sides.map(of));
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    cpuMicros: middle(({ cpuMicros }) => cpuMicros),
    requests: sum(sides.map(({ requests }) => requests)),
    layers: addUp(sides.map(({ layers }) => layers)),
    generatorCpu: middle(({ generatorCpu }) => generatorCpu),
  };
}

function addUp(counts: readonly Record<string, number>[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const count of counts) {
    for (const [key, value] of Object.entries(count)) total[key] = (total[key] ?? 0) + value;
  }
  return total;
}
