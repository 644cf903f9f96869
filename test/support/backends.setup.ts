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
  }
}

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
    project.provide("vars", { ...vars });
    project.provide("staffKey", backends.staffKey);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}
