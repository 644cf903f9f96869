import type { Run } from "../load/drive.ts";
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

type Turn = { run: Run; cpuMicros: number };

/**
 * Drives both in turn, A B A B …, so that what else the machine does meets both alike; the first to go
 * changes from pair to pair.
 */
export async function inTurn(
  pairs: number,
  runtimePid: number,
  ours: (pair: number) => Promise<Run>,
  peer: (pair: number) => Promise<Run>,
): Promise<Comparison> {
  const measured = async (work: Promise<Run>, startedAt: number): Promise<Turn> => {
    const run = await work;
    return { run, cpuMicros: ((cpuSeconds(runtimePid) - startedAt) * 1e6) / run.requests };
  };
  const turns: { ours: Turn; peer: Turn }[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const takeOurs = () => measured(ours(pair), cpuSeconds(runtimePid));
    const takePeer = () => measured(peer(pair), cpuSeconds(runtimePid));
    if (pair % 2 === 0) turns.push({ ours: await takeOurs(), peer: await takePeer() });
    else {
      const first = await takePeer();
      turns.push({ peer: first, ours: await takeOurs() });
    }
  }
  return {
    ours: sideOf(turns.map((turn) => turn.ours)),
    peer: sideOf(turns.map((turn) => turn.peer)),
    ratio: spread(turns.map((turn) => turn.ours.run.perSecond / turn.peer.run.perSecond)),
    cpuRatio: spread(turns.map((turn) => turn.peer.cpuMicros / turn.ours.cpuMicros)),
  };
}

function sideOf(turns: readonly Turn[]): Side {
  const middle = (of: (turn: Turn) => number) => spread(turns.map(of)).median;
  const layers: Record<string, number> = {};
  for (const { run } of turns) {
    for (const [layer, count] of Object.entries(run.layers)) {
      layers[layer] = (layers[layer] ?? 0) + count;
    }
  }
  return {
    perSecond: middle(({ run }) => run.perSecond),
    p50Ms: middle(({ run }) => run.p50Ms),
    p99Ms: middle(({ run }) => run.p99Ms),
    cpuMicros: middle(({ cpuMicros }) => cpuMicros),
    requests: turns.reduce((sum, { run }) => sum + run.requests, 0),
    layers,
    generatorCpu: middle(({ run }) => run.generatorCpu),
  };
}
