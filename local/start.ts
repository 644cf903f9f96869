import { type Child, type Log, stopAllChildren } from "./engines/child.ts";
import { ensureEngines, ProgramsMissing } from "./engines/install.ts";
import type { Engine, EngineSlot } from "./stack/engine-slot.ts";
import { isFreeSoon } from "./stack/ports.ts";
import { AlreadyStarted, type StartLock, takeStartLock } from "./stack/start-lock.ts";
import { type Shop, startShop } from "./stack.ts";
import { endLeftovers, resetData } from "./start/clean-up.ts";
import { loadSample } from "./start/load-sample.ts";
import { BadUsage, readStartOptions, type StartOptions, USAGE } from "./start/options.ts";
import { Progress } from "./start/progress.ts";
import { summary } from "./start/summary.ts";

/** A reason to stop that is told as it is, without a stack trace. */
class CannotStart extends Error {}

const RESTARTS_MAX = 3;
const RESTARTS_WITHIN_MS = 60_000;
const RESTART_PAUSE_MS = 3_000;
/** One Ctrl-C reaches us from the terminal and again from npm: only a later one means "at once". */
const SAME_SIGNAL_MS = 1_000;

/** One run of `npm start`, from its options to its exit code. */
class StartRun {
  readonly #options: StartOptions;
  readonly #progress = new Progress();
  readonly #log: Log = (line) => this.#progress.note(line);
  #lock: StartLock | undefined;
  #shop: Shop | undefined;
  #starting: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #restartsAtMs: number[] = [];

  constructor(options: StartOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    this.#stopOnSignals();
    this.#starting = this.#start();
    try {
      await this.#starting;
    } catch (error) {
      if (this.#ending) return; // The children were stopped under it; that is no failure.
      this.#progress.failed();
      this.#end(1, message(error));
    }
  }

  async #start(): Promise<void> {
    const { dir, port, reset, sample } = this.#options;
    await ensureEngines(this.#log);
    this.#lock = await takeStartLock(dir, `http://127.0.0.1:${port}`);
    const ended = await endLeftovers(dir);
    if (ended > 0) this.#log(`ended ${ended} processes that an earlier start had left behind`);
    if (reset) resetData(dir);
    if (!(await isFreeSoon(port))) {
      throw new CannotStart(
        `Port ${port} is taken by another program. Stop it, or choose another port:\n\n  npm start -- --port ${port + 1000}`,
      );
    }
    this.#shop = await startShop({
      dir,
      apiPort: port,
      log: this.#log,
      overrides: process.env,
      step: (title) => this.#progress.step(title),
      onDeath: (slot, child) => this.#reviveEngine(slot, child),
      onRuntimeDeath: (child) => this.#end(1, obituary("The Workers' runtime", child)),
    });
    if (sample) {
      this.#progress.step("Sample catalogue");
      if ((await loadSample(this.#shop)) === "none") this.#log("there is no sample catalogue");
    }
    this.#progress.done();
    this.#lock.setState("running");
    process.stdout.write(summary(this.#shop, this.#progress.total()));
  }

  /** The shop lives through the loss of an engine, so the stack does too, unless it keeps dying. */
  #reviveEngine(slot: EngineSlot<Engine>, child: Child): void {
    if (this.#ending) return;
    const recent = this.#restartsAtMs.filter((atMs) => atMs > Date.now() - RESTARTS_WITHIN_MS);
    if (!this.#shop || recent.length >= RESTARTS_MAX) {
      this.#end(1, obituary(slot.name, child));
      return;
    }
    this.#restartsAtMs = [...recent, Date.now()];
    this.#log(obituary(slot.name, child));
    this.#log(`Starting ${slot.name} again in ${RESTART_PAUSE_MS / 1000} s; the Workers go on.`);
    setTimeout(() => {
      if (this.#ending) return;
      slot.start().then(
        () => {
          this.#shop?.tellWhereabouts();
          this.#log(`${slot.name} runs again.`);
        },
        (error: unknown) => this.#end(1, message(error)),
      );
    }, RESTART_PAUSE_MS);
  }

  /** The first reason counts. Everything is stopped, then the process ends with `code`. */
  #end(code: number, why?: string): void {
    this.#ending ??= this.#stopAll(code, why).then(() => process.exit(code));
  }

  async #stopAll(code: number, why: string | undefined): Promise<void> {
    if (why) (code === 0 ? console.log : console.error)(`\n${why}\n`);
    this.#lock?.setState("stopping");
    try {
      if (this.#shop) await this.#shop.stop();
      await stopAllChildren();
      // A start under way sees its children end, fails, and closes what it had opened.
      await this.#starting.catch(() => {});
    } catch (error) {
      console.error(`While stopping: ${message(error)}`);
    }
    this.#lock?.release();
    if (code === 0) console.log("Everything is stopped.");
  }

  #stopOnSignals(): void {
    let firstAtMs: number | undefined;
    const onSignal = () => {
      if (firstAtMs === undefined) {
        firstAtMs = Date.now();
        this.#progress.failed();
        this.#end(0, "Stopping (a second Ctrl-C does it at once)");
      } else if (Date.now() - firstAtMs > SAME_SIGNAL_MS) {
        process.exit(130);
      }
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onSignal);
    // The bootstrap that started us is gone: nobody is left to pass a signal on.
    process.on("disconnect", onSignal);
  }
}

function obituary(name: string, child: Child): string {
  return `${name} ended unexpectedly. The last lines of its log:\n\n${child.tail()}`;
}

function message(error: unknown): string {
  if (error instanceof AlreadyStarted) {
    const { pid, state, apiUrl } = error.holder;
    return `The shop of this directory is already ${state}: ${apiUrl} (process ${pid}).\nStop it there with Ctrl-C, or with: kill ${pid}`;
  }
  const plain = error instanceof CannotStart || error instanceof ProgramsMissing;
  return plain ? error.message : `The shop could not be started: ${(error as Error).message}`;
}

async function main(args: readonly string[]): Promise<void> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(USAGE);
    return;
  }
  try {
    await new StartRun(readStartOptions(args)).run();
  } catch (error) {
    if (!(error instanceof BadUsage)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
}

await main(process.argv.slice(2));
