import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { REPOSITORY } from "../local/stack/runtime.ts";
import { PROFILES } from "./profile.ts";
import { FULL, QUICK, type Scale } from "./suite.ts";
import { SUITES } from "./suites.ts";

export type Options = {
  only: string[];
  /** Shops by their number of products, smallest first. */
  catalogues: number[];
  stocked: number;
  scale: Scale;
  /** Runtime on core 0, generator on core 1. */
  pinned: boolean;
  dir: string;
  out: string;
  /** A CPU profile of one kind of request, instead of the suites. */
  profile: string | undefined;
};

/** What was asked for cannot be done; the message says what can. */
export class Usage extends Error {}

const STOCKED = 200;
const NAMES = SUITES.map(({ name }) => name);
const USAGE = `Usage: npm run bench -- [--quick] [--only NAME,…] [--products N,…] [--out FILE] [--dir DIR]

NAME is one of: ${NAMES.join(", ")}. Without --only, all of them.
--quick     takes under a minute and shows that all works; its figures are not to be quoted
--products  sizes of the catalogues; 1000,100000 unless told (the large one is loaded once, in minutes)
--out       where the figures go as JSON; bench/results/latest.json unless told
--profile   instead of the suites, a CPU profile of one of: ${PROFILES.join(", ")}
--dir       where the shops' data stay between runs; .local/bench unless told`;

export function readOptions(args: readonly string[]): Options {
  const options = {
    quick: { type: "boolean", default: false },
    only: { type: "string", default: NAMES.join() },
    products: { type: "string" },
    out: { type: "string", default: join(REPOSITORY, "bench/results/latest.json") },
    dir: { type: "string", default: join(REPOSITORY, ".local/bench") },
    profile: { type: "string" },
  } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new Usage(`${(error as Error).message}\n\n${USAGE}`);
  }
  const only = values.only.split(",");
  if (values.profile !== undefined && !PROFILES.includes(values.profile)) throw new Usage(USAGE);
  const catalogues = (
    values.products ?? (values.quick ? "300" : values.profile ? "1000" : "1000,100000")
  )
    .split(",")
    .map(Number)
    .sort((a, b) => a - b);
  if (only.some((name) => !NAMES.includes(name))) throw new Usage(USAGE);
  if (!catalogues.every((size) => Number.isInteger(size) && size >= STOCKED)) {
    throw new Usage(`A catalogue has at least ${STOCKED} products.\n\n${USAGE}`);
  }
  return {
    only,
    catalogues,
    stocked: STOCKED,
    scale: values.quick ? QUICK : FULL,
    pinned: availableParallelism() > 1,
    dir: values.dir,
    out: values.out,
    profile: values.profile,
  };
}
