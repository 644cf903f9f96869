import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { REPOSITORY, workerConfigs } from "../../../local/stack/runtime.ts";

const WATCHED = new Set(["storefront", "orders", "refunds", "comms"]);

/**
 * Writes a `wrangler.toml` per Worker under `dir` whose entry is the one with fault points, and answers
 * them, the storefront's first. What is deployed knows nothing of fault points: no file of the shop imports them.
 */
export function proofConfigs(dir: string, controlUrl: string): string[] {
  return workerConfigs().map((config) => {
    const home = dirname(config);
    const name = home === REPOSITORY ? "storefront" : basename(home);
    const text = readFileSync(config, "utf8");
    const entry = WATCHED.has(name)
      ? join(import.meta.dirname, "workers", `${name}.ts`)
      : join(home, "index.ts");
    const to = join(dir, "proof", name);
    mkdirSync(to, { recursive: true });
    const file = join(to, "wrangler.toml");
    writeFileSync(
      file,
      text
        .replace(/^main = .*$/m, `main = "${entry}"`)
        .replace(/^directory = "(.*)"$/m, (_, path: string) => `directory = "${join(home, path)}"`)
        .replace(/^\[build\]\ncommand = .*$/m, "")
        .replace(/^\[vars\]$/m, `[vars]\nPROOF_URL = "${controlUrl}"`),
    );
    return file;
  });
}
