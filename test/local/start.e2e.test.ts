import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { identify } from "../../local/engines/process-record.ts";
import { availablePort } from "../../local/stack/ports.ts";

const ROOT = join(import.meta.dirname, "../..");
const OPEN_WITHIN_MS = 90_000;
const GONE_WITHIN_MS = 30_000;

let dir: string;
let port: number;
const runs: Start[] = [];
beforeAll(async () => {
  mkdirSync(join(ROOT, ".local/tests"), { recursive: true });
  dir = mkdtempSync(join(ROOT, ".local/tests/start-"));
  port = await availablePort(0);
});
afterAll(async () => {
  for (const run of runs) await run.end("SIGTERM");
  rmSync(dir, { recursive: true, force: true });
});

/** One `npm start`, as a user types it: a process group of its own, like a terminal's. */
class Start {
  readonly npm: ChildProcess;
  readonly exited: Promise<number | null>;
  output = "";

  constructor(...args: string[]) {
    const all = ["start", "--", "--dir", dir, "--port", String(port), ...args];
    this.npm = spawn("npm", all, { cwd: ROOT, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.npm.stdout, this.npm.stderr]) {
      stream?.on("data", (data: Buffer) => {
        this.output += data.toString();
      });
    }
    this.exited = new Promise((resolve) => this.npm.once("close", resolve));
    runs.push(this);
  }

  async open(): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.npm.exitCode !== null) return;
        if (!this.output.includes("The shop is open")) throw new Error(`not open:\n${this.output}`);
      },
      { timeout: OPEN_WITHIN_MS, interval: 100 },
    );
    if (this.npm.exitCode !== null) throw new Error(`it ended:\n${this.output}`);
  }

  /** As Ctrl-C does: to npm and all that it has started in the foreground. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.npm.exitCode === null && this.npm.pid) process.kill(-this.npm.pid, signal);
    return this.exited;
  }
}

type Whereabouts = {
  api: number;
  messages: number;
  processors: { stripe: number };
  staffKey: string;
  pid: number;
  pids: { mysql: number; runtime: number; redis: Record<string, number> };
};
const whereabouts = (): Whereabouts =>
  JSON.parse(readFileSync(join(dir, "ports.json"), "utf8")) as Whereabouts;

const status = async (path: string): Promise<number> => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.body?.cancel();
  return response.status;
};

/** Live processes that were started for this directory. */
function ours(): string[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && identify(Number(name)));
  return pids.flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return environment.includes(dir) || command.includes(dir) ? [`${pid} ${command}`] : [];
    } catch {
      return []; // It has ended while we looked.
    }
  });
}
const nothingIsLeft = () =>
  vi.waitFor(
    () => {
      const left = ours();
      if (left.length > 0) throw new Error(`still running:\n${left.join("\n")}`);
    },
    { timeout: GONE_WITHIN_MS, interval: 100 },
  );

describe("npm start", () => {
  test("opens the shop, says where everything is, and Ctrl-C leaves nothing", async ({
    expect,
  }) => {
    const start = new Start("--no-sample");
    await start.open();
    const { api, messages, processors, staffKey } = whereabouts();
    expect(api).toBe(port);
    for (const shown of [
      staffKey,
      `127.0.0.1:${messages}`,
      `127.0.0.1:${processors.stripe}/ledger`,
    ]) {
      expect(start.output).toContain(shown);
    }
    expect(await status("/api/v2/products")).toBe(200);
    expect(await status("/api/v2/health")).toBe(200);

    const second = new Start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(`already running: http://127.0.0.1:${port}`);
    expect(await status("/api/v2/health?probe=live")).toBe(200);

    expect(await start.end("SIGINT")).toBe(0);
    await nothingIsLeft();
    expect(readdirSync(dir).filter((name) => /ports|vars|\.lock|\.pid/.test(name))).toEqual([]);
  });

  test("starts again, quickly, after everything was killed outright", async ({ expect }) => {
    const first = new Start("--no-sample");
    await first.open();
    const { pid, pids } = whereabouts();
    // The start process last: it would report the others.
    process.kill(pid, "SIGSTOP");
    for (const victim of [pids.runtime, pids.mysql, pids.redis.session ?? 0]) {
      process.kill(victim, "SIGKILL");
    }
    process.kill(pid, "SIGKILL");
    await first.exited;

    const startedAtMs = Date.now();
    const second = new Start("--no-sample");
    await second.open();
    expect(Date.now() - startedAtMs).toBeLessThan(25_000);
    expect(await status("/api/v2/products")).toBe(200);
    expect(await second.end("SIGTERM")).toBe(0);
    await nothingIsLeft();
  });

  test("names a dead runtime, stops the rest and fails; revives a dead database", async ({
    expect,
  }) => {
    const start = new Start("--no-sample");
    await start.open();
    process.kill(whereabouts().pids.mysql, "SIGKILL");
    await vi.waitFor(() => expect(start.output).toContain("MariaDB runs again"), {
      timeout: 30_000,
    });
    expect(start.output).toContain("MariaDB ended unexpectedly");
    expect(await status("/api/v2/products")).toBe(200);

    process.kill(whereabouts().pids.runtime, "SIGKILL");
    expect(await start.exited).toBe(1);
    expect(start.output).toContain("The Workers' runtime ended unexpectedly");
    await nothingIsLeft();
  });

  test("Ctrl-C in the middle of a start leaves nothing, and does no harm", async ({ expect }) => {
    for (const afterMs of [700, 1_500]) {
      const start = new Start("--reset", "--no-sample");
      await vi.waitFor(() => expect(ours().length).toBeGreaterThan(2), { timeout: 30_000 });
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await start.end("SIGINT");
      await nothingIsLeft();
    }
    const again = new Start("--no-sample");
    await again.open();
    expect(await again.end("SIGINT")).toBe(0);
  });

  test("a taken port is named, with a way out", async ({ expect }) => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(port, "127.0.0.1", resolve));
    const start = new Start("--no-sample");
    expect(await start.exited).toBe(1);
    other.close();
    expect(start.output).toContain(`Port ${port} is taken`);
    expect(start.output).toContain("npm start -- --port ");
    await nothingIsLeft();
  });
});
