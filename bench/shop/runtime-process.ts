// The Workers' runtime in a process of its own, which can be bound to a core; its child, workerd,
// inherits that. Takes commands over the process channel, one at a time.
import { readFileSync } from "node:fs";
import { type Miniflare, startMiniflare, type WorkerSpec } from "./miniflare.ts";

export type RuntimeCommand =
  | { command: "start"; dir: string; workers: WorkerSpec[]; inspected: boolean }
  | { command: "empty-cache" };

export type RuntimeStarted = {
  urls: Record<string, string>;
  workerdPid: number;
  /** Only where it was asked for: an inspector costs time. */
  inspectorUrl: string | undefined;
};

let miniflare: Miniflare | undefined;

async function start(
  dir: string,
  workers: WorkerSpec[],
  inspected: boolean,
): Promise<RuntimeStarted> {
  miniflare = startMiniflare(dir, workers, inspected);
  await miniflare.ready;
  const urls: Record<string, string> = {};
  for (const { name } of workers) urls[name] = String(await miniflare.unsafeGetDirectURL(name));
  const inspectorUrl = inspected ? String(await miniflare.getInspectorURL()) : undefined;
  return { urls, workerdPid: workerdPid(), inspectorUrl };
}

/** The runtime is this process's child; Miniflare does not say which. */
function workerdPid(): number {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8");
  const pids = children.trim().split(" ").map(Number);
  const pid = pids.find(
    (child) => readFileSync(`/proc/${child}/comm`, "utf8").trim() === "workerd",
  );
  if (pid === undefined) throw new Error("workerd is not running");
  return pid;
}

async function obey(command: RuntimeCommand): Promise<RuntimeStarted | number> {
  if (command.command === "start") {
    return start(command.dir, command.workers, command.inspected);
  }
  return (await miniflare?.purgeCache()) ?? 0;
}

process.on("message", async (command: RuntimeCommand) => {
  try {
    process.send?.({ ok: true, value: await obey(command) });
  } catch (error) {
    process.send?.({ ok: false, error: String((error as Error).stack) });
  }
});
process.on("disconnect", async () => {
  await miniflare?.dispose();
  process.exit(0);
});
