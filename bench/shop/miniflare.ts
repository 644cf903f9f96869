import { createRequire } from "node:module";
import { join } from "node:path";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

type WorkerOptions = Record<string, unknown> & { name?: string };

/** As much of Miniflare as is used here. */
export type Miniflare = {
  readonly ready: Promise<URL>;
  unsafeGetDirectURL(worker: string): Promise<URL>;
  getInspectorURL(): Promise<URL>;
  purgeCache(): Promise<number>;
  dispose(): Promise<void>;
};

type MiniflareModule = {
  Miniflare: new (options: unknown) => Miniflare;
  convertV4MiniflareOptions(options: Record<string, unknown>): unknown;
};

// Wrangler's own copy, so that the runtime measured is the one that `npm start` runs, and no other
// version can creep in beside it. It is not a dependency of ours, hence no import.
const { Miniflare, convertV4MiniflareOptions } = createRequire(
  createRequire(import.meta.url).resolve("wrangler"),
)("miniflare") as MiniflareModule;

/** A socket that leads to the Worker itself: the development proxy in between costs 20 times a hot page. */
const DIRECT = { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] };

type ObjectBinding = { className: string; scriptName?: string; useSQLite?: boolean };

export type WorkerSpec = {
  name: string;
  /** Its `wrangler.toml`; absent for a peer, which has no bindings but `objects`. */
  config?: string;
  script: string;
  vars?: Readonly<Record<string, string>>;
  /** The objects that a peer uses, by binding; of a copy, those that replace the original's. */
  objects?: Record<string, ObjectBinding>;
  /** Whose objects it uses, where it is a copy of another Worker: one more isolate of the same shop. */
  isolateOf?: string;
};

/** One version for all isolates: pages are kept by version, and a made-up one would differ in each. */
const VERSION = { id: "bench", tag: "bench", timestamp: "2026-01-01T00:00:00.000Z" };

export function startMiniflare(
  dir: string,
  specs: readonly WorkerSpec[],
  inspected: boolean,
): Miniflare {
  return new Miniflare(
    convertV4MiniflareOptions({
      resourcePersistencePath: join(dir, "workers"),
      logRequests: false,
      ...(inspected ? { inspectorPort: 0 } : {}),
      telemetry: { enabled: false },
      workers: specs.map(workerOptions),
    }),
  );
}

function workerOptions(spec: WorkerSpec): WorkerOptions {
  const { name, script } = spec;
  const common = { name, modules: [{ type: "ESModule", path: script }], ...DIRECT };
  if (!spec.config) {
    return { ...common, compatibilityDate: "2026-11-01", durableObjects: spec.objects ?? {} };
  }
  // Static files are left out: the platform serves them before the Worker runs.
  const {
    assets: _,
    versionMetadata,
    bindings,
    durableObjects,
    ...options
  } = unstable_getMiniflareWorkerOptions(spec.config).workerOptions as WorkerOptions;
  const version = versionMetadata ? { [String(versionMetadata)]: VERSION } : {};
  return {
    ...options,
    ...common,
    rootPath: join(script, ".."),
    bindings: { ...(bindings as object), ...version, ...spec.vars },
    durableObjects: spec.isolateOf
      ? { ...owned(durableObjects, spec.isolateOf), ...spec.objects }
      : durableObjects,
  };
}

const owned = (objects: unknown, scriptName: string) =>
  Object.fromEntries(
    Object.entries(objects as Record<string, object>).map(([binding, object]) => [
      binding,
      { ...object, scriptName },
    ]),
  );
