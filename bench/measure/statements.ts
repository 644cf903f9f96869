import type { StatementCounts } from "../../local/gateways/statement-stats.ts";
import type { Backends } from "../../local/stack/backends.ts";

/** Statements that reached each database since its gateway started. */
type Statements = { mysql: number; replica: number; neon: number; total: number };

/** Asks the gateways, where statements arrive: what a driver says of itself is not counted. */
async function countStatements({ gateways }: Backends): Promise<Statements> {
  const count = async ({ url }: { url: string }) => {
    const response = await fetch(new URL("/stats", url));
    return ((await response.json()) as StatementCounts).statements;
  };
  const [mysql, replica, neon] = await Promise.all([
    count(gateways.planetscale),
    count(gateways.planetscaleReplica),
    count(gateways.neon),
  ]);
  return { mysql, replica, neon, total: mysql + replica + neon };
}

export async function statementsDuring<T>(
  backends: Backends,
  work: () => Promise<T>,
): Promise<{ value: T; statements: number }> {
  const before = await countStatements(backends);
  const value = await work();
  const after = await countStatements(backends);
  return { value, statements: after.total - before.total };
}
