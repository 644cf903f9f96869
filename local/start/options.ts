import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DEFAULT_PORTS } from "../stack/ports.ts";
import { REPOSITORY } from "../stack/runtime.ts";

export type StartOptions = { dir: string; port: number; reset: boolean; sample: boolean };

export const USAGE = `Usage: npm start [-- options]

  --reset       delete all local data first and start over
  --port N      serve the API on port N (default ${DEFAULT_PORTS.api})
  --no-sample   leave the shop empty
  --dir PATH    keep data in PATH (default .local)`;

export class BadUsage extends Error {}

/** @throws BadUsage for an unknown option or a value that makes no sense. */
export function readStartOptions(args: readonly string[]): StartOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      allowNegative: true,
      options: {
        reset: { type: "boolean", default: false },
        port: { type: "string", default: String(DEFAULT_PORTS.api) },
        sample: { type: "boolean", default: true },
        dir: { type: "string", default: join(REPOSITORY, ".local") },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) {
      throw new BadUsage(`--port must be a number from 1 to 65535, not "${values.port}"`);
    }
    return { dir: resolve(values.dir), port, reset: values.reset, sample: values.sample };
  } catch (error) {
    throw error instanceof BadUsage ? error : new BadUsage((error as Error).message);
  }
}
