const ESCAPE = "\u001b";

/** Prints steps as they begin, and how long each took as it ends. */
export class Progress {
  readonly #startedAtMs = Date.now();
  #step: { title: string; atMs: number } | undefined;

  step(title: string): void {
    this.done();
    this.#step = { title, atMs: Date.now() };
    // A terminal shows the step at once; a file gets it in one line with its time.
    if (process.stdout.isTTY) process.stdout.write(`  … ${title}`);
  }

  done(): void {
    if (!this.#step) return;
    const { title, atMs } = this.#step;
    this.#step = undefined;
    const line = `  ✓ ${title.padEnd(46)} ${seconds(Date.now() - atMs)}`;
    this.#print(line);
  }

  /** A line beside the steps; the current one is shown again below it. */
  note(text: string): void {
    this.#print(`    ${text}`);
    if (this.#step && process.stdout.isTTY) process.stdout.write(`  … ${this.#step.title}`);
  }

  total(): string {
    return seconds(Date.now() - this.#startedAtMs);
  }

  /** Ends the current step without a tick. */
  failed(): void {
    const title = this.#step?.title;
    this.#step = undefined;
    if (title) this.#print(`  ✗ ${title}`);
  }

  #print(line: string): void {
    const clear = process.stdout.isTTY ? `\r${ESCAPE}[2K` : "";
    process.stdout.write(`${clear}${line}\n`);
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
