/** A page as it is kept. Plain data, so that any layer can hold it and any request may use it. */
export type PageEntry = {
  body: Uint8Array<ArrayBuffer>;
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
  const headBytes = new TextEncoder().encode(
    JSON.stringify({ ...head, version: VERSION } satisfies Head),
  );
  const bytes = new Uint8Array(LENGTH_BYTES + headBytes.length + body.length);
  new DataView(bytes.buffer).setUint32(0, headBytes.length);
  bytes.set(headBytes, LENGTH_BYTES);
  bytes.set(body, LENGTH_BYTES + headBytes.length);
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
  return { ...rest, body: new Uint8Array(buffer, bodyStart) };
}

function parseHead(bytes: Uint8Array): Head | undefined {
  try {
    const head = JSON.parse(new TextDecoder().decode(bytes)) as Head | null;
    return head?.version === VERSION ? head : undefined;
  } catch {
    return undefined;
  }
}

const OBJECT_BYTES = 400;
const STRING_BYTES = 16;

/** What it takes of an isolate's memory, from above: strings count two bytes a character. */
export function memoryBytes(key: string, { body, tags, etag, contentType }: PageEntry): number {
  const text = (value: string) => STRING_BYTES + 2 * value.length;
  const ofTags = tags.reduce((sum, tag) => sum + text(tag) + 8, 0);
  return OBJECT_BYTES + text(key) + body.byteLength + ofTags + text(etag) + text(contentType);
}
