import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { REPOSITORY } from "../../local/stack/runtime.ts";

const WRANGLER = join(REPOSITORY, "node_modules/wrangler/wrangler-dist/cli.js");
const STOREFRONT = "storefront";

export type BuiltWorker = { config: string; outDir: string };

/** Bundles every Worker as a deployment would, without deploying it. The storefront comes first. */
export async function buildWorkers(outDir: string): Promise<BuiltWorker[]> {
  const consumers = readdirSync(join(REPOSITORY, "workers")).filter((name) => name !== STOREFRONT);
  const workers = [STOREFRONT, ...consumers].map((name) => ({
    config: join(REPOSITORY, name === STOREFRONT ? "" : `workers/${name}`, "wrangler.toml"),
    outDir: join(outDir, name),
  }));
  for (const { config, outDir: to } of workers) {
    const args = ["--no-warnings", WRANGLER, "deploy", "--dry-run", "--outdir", to, "-c", config];
    const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
    await promisify(execFile)(process.execPath, args, { cwd: REPOSITORY, env }).catch(
      ({ stderr }: { stderr: string }) => {
        throw new Error(`${config} cannot be bundled:\n${stderr}`);
      },
    );
  }
  return workers;
}
