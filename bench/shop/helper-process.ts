import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

type Reply<T> = { ok: true; value: T } | { ok: false; error: string };

const STOP_WITHIN_MS = 10_000;

/** A process of the bench's own that answers one question at a time, on a core of its own if asked. */
export class HelperProcess<Question, Answer> {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;

  constructor(script: URL, { core, logFile }: { core?: number; logFile?: string } = {}) {
    const node = [
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      fileURLToPath(script.href),
    ];
    const pinned = core === undefined ? node : ["taskset", "-c", String(core), ...node];
    const [command = "", ...rest] = pinned;
    const output = logFile ? openSync(logFile, "w") : "inherit";
    // Wrangler's library warns of secrets that it is not given; the Workers get them another way.
    const env = { ...process.env, WRANGLER_LOG: "error" };
    this.#child = spawn(command, rest, { stdio: ["ignore", output, output, "ipc"], env });
    if (typeof output === "number") closeSync(output);
    this.#child.on("message", (reply: Reply<Answer>) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      if (reply.ok) waiting?.resolve(reply.value);
      else waiting?.reject(new Error(reply.error));
    });
    this.#exited = new Promise((resolve) => {
      const ended = (how: unknown) => {
        this.#waiting?.reject(new Error(`${script.pathname} ended: ${how}`));
        this.#waiting = undefined;
        resolve();
      };
      this.#child.once("exit", (code, signal) => ended(signal ?? code));
      this.#child.once("error", ended);
    });
  }

  ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#waiting) return reject(new Error("the last question has no answer yet"));
      if (!this.#child.connected) return reject(new Error("the helper process has ended"));
      this.#waiting = { resolve, reject };
      this.#child.send(question as object);
    });
  }

  /** It ends itself when its channel does; SIGKILL where it does not. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_WITHIN_MS);
    await this.#exited;
    clearTimeout(timer);
  }
}
