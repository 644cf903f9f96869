import { Buffer } from "node:buffer";

/** An error reply, as a value: in a pipeline one command's error is not the others' failure. */
export class RespError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}
/** A simple string such as `OK`, apart from stored bytes that happen to read the same. */
export class RespStatus {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
export type RespValue = Buffer | RespStatus | RespError | bigint | null | RespValue[];

type Parsed = { value: RespValue; end: number };
/** More bytes are needed: at least up to this offset. */
type Incomplete = { atLeast: number };

const CRLF_LENGTH = 2;
const NESTING_MAX = 64;

/** Turns the bytes of a RESP2 connection into replies, however they are cut into chunks. */
export class RespParser {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Not worth parsing before that many bytes: keeps a large reply from being scanned per chunk. */
  #needed = 1;

  /** Replies completed by this chunk. Throws when the bytes are not RESP2. */
  push(chunk: Buffer): RespValue[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#needed) return [];
    const buffer = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const replies: RespValue[] = [];
    let offset = 0;
    let needed = 1;
    while (offset < buffer.length) {
      const parsed = parseValue(buffer, offset, 0);
      if ("atLeast" in parsed) {
        needed = parsed.atLeast - offset;
        break;
      }
      replies.push(parsed.value);
      offset = parsed.end;
    }
    const rest = buffer.subarray(offset);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#bytes = rest.length;
    this.#needed = needed;
    return replies;
  }
}

function parseValue(buffer: Buffer, start: number, depth: number): Parsed | Incomplete {
  if (depth > NESTING_MAX) throw new Error("RESP: nested too deeply");
  const lineEnd = buffer.indexOf("\r\n", start, "latin1");
  if (lineEnd < 0) return { atLeast: buffer.length + 1 };
  const line = buffer.toString("utf8", start + 1, lineEnd);
  const end = lineEnd + CRLF_LENGTH;
  switch (String.fromCharCode(buffer[start]!)) {
    case "+":
      return { value: new RespStatus(line), end };
    case "-":
      return { value: new RespError(line), end };
    case ":":
      return { value: BigInt(line), end };
    case "$":
      return parseBulk(buffer, Number(line), end);
    case "*":
      return parseArray(buffer, Number(line), end, depth);
    default:
      throw new Error("RESP: unknown reply type");
  }
}

function parseBulk(buffer: Buffer, length: number, start: number): Parsed | Incomplete {
  if (length < 0) return { value: null, end: start };
  const end = start + length + CRLF_LENGTH;
  if (buffer.length < end) return { atLeast: end };
  return { value: buffer.subarray(start, start + length), end };
}

function parseArray(
  buffer: Buffer,
  length: number,
  start: number,
  depth: number,
): Parsed | Incomplete {
  if (length < 0) return { value: null, end: start };
  const items: RespValue[] = [];
  let end = start;
  while (items.length < length) {
    if (end >= buffer.length) return { atLeast: end + 1 };
    const item = parseValue(buffer, end, depth + 1);
    if ("atLeast" in item) return item;
    items.push(item.value);
    end = item.end;
  }
  return { value: items, end };
}
