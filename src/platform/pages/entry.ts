/** A page as it is kept. Plain data, so that any layer can hold it and any request may use it. */
export type PageEntry = {
  /** As text: the runtime sends a string it knows faster than an array it has to copy. */
  body: string;
  contentType: string;
  /** Strong, with its quotes. */
  etag: string;
  /** What it shows. A purge of any of them ends it. */
  tags: readonly string[];
  /** The feed's position that was known before any of its data was read. */
  seq: number;
  storedAtMs: number;
  /** When it ends by itself: a price rule starts, a sale is over. */
  validUntilMs?: number;
};

type Head = Omit<PageEntry, "body"> & { version: typeof VERSION };

/** Of the layout below. An entry of another version counts as none. */
const VERSION = 1;
const LENGTH_BYTES = 4;
const HEAD_BYTES_MAX = 1_000_000;

/** One layout for every layer that stores bytes: the head's length, the head as JSON, the body. */
export function encodeEntry({ body, ...head }: PageEntry): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const headBytes = encoder.encode(JSON.stringify({ ...head, version: VERSION } satisfies Head));
  const bodyBytes = encoder.encode(body);
  const bytes = new Uint8Array(LENGTH_BYTES + headBytes.length + bodyBytes.length);
  new DataView(bytes.buffer).setUint32(0, headBytes.length);
  bytes.set(headBytes, LENGTH_BYTES);
  bytes.set(bodyBytes, LENGTH_BYTES + headBytes.length);
  return bytes;
}

/** Undefined for what this version did not write: a miss costs a render, a wrong guess a wrong page. */
export function decodeEntry(buffer: ArrayBuffer): PageEntry | undefined {
  if (buffer.byteLength < LENGTH_BYTES) return undefined;
  const headLength = new DataView(buffer).getUint32(0);
  const bodyStart = LENGTH_BYTES + headLength;
  if (headLength > HEAD_BYTES_MAX || bodyStart > buffer.byteLength) return undefined;
  const head = parseHead(new Uint8Array(buffer, LENGTH_BYTES, headLength));
  if (!head) return undefined;
  const { version: _, ...rest } = head;
  return { ...rest, body: new TextDecoder().decode(new Uint8Array(buffer, bodyStart)) };
}

function parseHead(bytes: Uint8Array): Head | undefined {
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes)) as Head | null;
    return head?.version === VERSION ? head : undefined;
  } catch {
    return undefined;
  }
}

const OBJECT_BYTES = 1_500;
const STRING_BYTES = 24;
const WIDE = /[\u0100-\uffff]/;

/**
 * What it takes of an isolate's memory, from above: its strings, one byte a character or two where
 * any is beyond Latin-1, and the objects around them with the answer's prepared headers.
 */
export function memoryBytes(key: string, { body, tags, etag, contentType }: PageEntry): number {
  const text = (value: string) => STRING_BYTES + value.length * (WIDE.test(value) ? 2 : 1);
  const ofTags = tags.reduce((sum, tag) => sum + text(tag), 0);
  return OBJECT_BYTES + text(key) + text(body) + ofTags + text(etag) + text(contentType);
}
