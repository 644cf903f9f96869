/** One line that rewrites itself on a terminal, and comes every few seconds into a log. */
export class ProgressLine {
  readonly #startedAtMs = Date.now();
  readonly #noun: string;
  readonly #total: number;
  #done = 0;
  #printedAtMs = 0;

  constructor(noun: string, total: number) {
    this.#noun = noun;
    this.#total = total;
  }

  add(count: number): void {
    this.#done += count;
    const everyMs = process.stdout.isTTY ? 100 : 5_000;
    const last = this.#done >= this.#total;
    if (!last && Date.now() - this.#printedAtMs < everyMs) return;
    this.#printedAtMs = Date.now();
    const percent = Math.floor((100 * this.#done) / Math.max(1, this.#total));
    const line = `${this.#done.toLocaleString("en")} of ${this.#total.toLocaleString("en")} ${this.#noun} (${percent} %), ${this.rate()} per second`;
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[2K${line}${last ? "\n" : ""}`);
    else console.log(line);
  }

  rate(): string {
    const seconds = Math.max(0.001, (Date.now() - this.#startedAtMs) / 1000);
    return Math.round(this.#done / seconds).toLocaleString("en");
  }
}
