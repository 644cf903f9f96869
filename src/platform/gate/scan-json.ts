/** What one body may make a parser and a validator do. */
export type JsonBounds = { depthMax: number; keysMax: number };
export type JsonFault = "too_deep" | "too_many_keys" | "duplicate_key" | "lone_surrogate";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = new Set([0x7b, 0x5b]);
const CLOSE = new Set([0x7d, 0x5d]);

/**
 * Looks through a JSON text once, from left to right, before anything is built from it: for nesting,
 * for how many keys there are, for a key that stands twice in one object (which readers resolve
 * differently), and for halves of characters. Whether it is JSON is the parser's to say; time grows
 * with the length of the text and nothing else.
 */
export function scanJson(text: string, { depthMax, keysMax }: JsonBounds): JsonFault | undefined {
  const objects: (Set<string> | undefined)[] = [];
  let keys = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (OPEN.has(code)) {
      if (objects.length === depthMax) return "too_deep";
      objects.push(code === 0x7b ? new Set() : undefined);
    } else if (CLOSE.has(code)) {
      objects.pop();
    } else if (code === QUOTE) {
      const end = endOfString(text, at);
      const decoded = decode(text.slice(at, end + 1));
      if (!decoded.isWellFormed()) return "lone_surrogate";
      at = end;
      const names = objects.at(-1);
      if (!names || !isKey(text, end + 1)) continue;
      keys += 1;
      if (keys > keysMax) return "too_many_keys";
      if (names.has(decoded)) return "duplicate_key";
      names.add(decoded);
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at += 1;
  }
  return text.length - 1;
}

/** Only escapes make a string differ from how it is written; a broken one is the parser's to refuse. */
function decode(literal: string): string {
  if (!literal.includes("\\")) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}

/** A string inside an object is a key when a colon follows. */
function isKey(text: string, from: number): boolean {
  let at = from;
  while (" \t\n\r".includes(text[at] ?? "x")) at += 1;
  return text[at] === ":";
}
