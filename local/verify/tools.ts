import { type ChildProcess, spawn } from "node:child_process";
import { join, relative } from "node:path";

/** A stage found something; the message is all that the reader needs. */
export class StageFailed extends Error {
  override readonly name = "StageFailed";
}

export type Tools = {
  readonly root: string;
  /** A directory of this run's own, relative to `root`. */
  readonly scratch: string;
  /** Runs a program of node_modules/.bin. Throws `StageFailed` with its output. */
  tool(name: string, args: readonly string[]): Promise<void>;
  /** Ends whatever still runs. */
  stop(): void;
};

const TOOL_MS_MAX = 180_000;
const OUTPUT_CHARS_MAX = 60_000;

export function openTools(root: string, scratch: string): Tools {
  const running = new Set<ChildProcess>();
  const tool = async (name: string, args: readonly string[]) => {
    const child = spawn(join(root, "node_modules/.bin", name), args, {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TOOL_MS_MAX,
      env: {
        ...process.env,
        NO_COLOR: "1",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_LOG_PATH: join(root, scratch, "wrangler.log"),
      },
    });
    running.add(child);
    let output = "";
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARS_MAX);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const end = await new Promise<string | number | null>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, signal) => resolve(code ?? signal));
    });
    running.delete(child);
    if (end === 0) return;
    throw new StageFailed(`${name} ${args.join(" ")} ended with ${end}\n${output.trim()}`);
  };
  const stop = () => {
    for (const child of running) child.kill("SIGTERM");
  };
  return { root, scratch: relative(root, join(root, scratch)), tool, stop };
}
