import { setControl } from "./fault-points.ts";
import { watchFetch } from "./fetch-points.ts";

let isReady = false;

/** Once per isolate, as soon as its variables are known. */
export function prepare(env: object): void {
  if (isReady) return;
  isReady = true;
  const variables = env as Record<string, unknown>;
  setControl(String(variables.PROOF_URL));
  watchFetch(variables);
}
