import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/**
 * An append-only file of JSON lines. One append is one write, so a record is there as a whole or,
 * when the process was killed in the middle of it, cut off at the end of the file.
 */
export class Journal<T> {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) writeFileSync(file, "");
  }

  append(record: T): void {
    appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  /** All records, oldest first. A cut-off last line is removed, so that the next append is whole. */
  load(): T[] {
    const bytes = readFileSync(this.#file);
    const end = bytes.lastIndexOf("\n") + 1;
    if (end < bytes.length) truncateSync(this.#file, end);
    const lines = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as T);
  }
}
