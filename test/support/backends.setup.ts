import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { migrate } from "../../local/migrate.ts";
import { type Backends, startBackends } from "../../local/stack.ts";
import { FREE_PORTS } from "./free-ports.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** The Workers' variables for this run's own engines and stand-ins. */
    vars: Record<string, string>;
    /** Opens every `/ops` route. */
    staffKey: string;
    /** How many bad requests to make, of which seed; or one of them alone. */
    fuzz: { seed: number; count: number; only?: number };
  }
}

/** A try comes back in eight minutes: a burst shows exactly the limit, on however slow a machine. */
const LIMITS = JSON.stringify({ "checkout-address": { tries: 20, perMs: 10_000_000 } });

/** Real engines behind the gateways, in a directory and on ports of this run's own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, "../../.local/tests");
  mkdirSync(root, { recursive: true });
  const dir = mkdtempSync(join(root, "workers-"));
  let backends: Backends | undefined;
  const teardown = async () => {
    await backends?.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    backends = await startBackends({ dir, ports: FREE_PORTS, log: () => {} });
    const { vars } = backends;
    await migrate({
      mysqlUrl: String(vars.MYSQL_URL),
      neonUrl: String(vars.NEON_URL),
      neonEndpoint: vars.NEON_ENDPOINT,
    });
    // The floor has a test of its own; here it would only be waited for.
    project.provide("vars", { ...vars, AUTH_ANSWER_FLOOR_MS: "0", LIMITS });
    project.provide("staffKey", backends.staffKey);
    project.provide("fuzz", fuzzOf(process.env));
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** `npm run fuzz` says more; tests make a few, always the same. */
const fuzzOf = ({ FUZZ_SEED, FUZZ_COUNT, FUZZ_ONLY }: NodeJS.ProcessEnv) => ({
  seed: Number(FUZZ_SEED ?? 1),
  count: Number(FUZZ_COUNT ?? 1_500),
  ...(FUZZ_ONLY === undefined ? {} : { only: Number(FUZZ_ONLY) }),
});
