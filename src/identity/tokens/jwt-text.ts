/** Longer than any token of ours; looked at before anything is decoded. */
const TOKEN_LENGTH_MAX = 4_096;

const COMPACT = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

/** The header and the claims of a signed token as JSON objects, not checked yet. */
export type JwtText = { header: Record<string, unknown>; claims: Record<string, unknown> };

/**
 * Reads the compact form strictly: two texts that decode to one token, or one text that two parsers may
 * read differently, are no token. Undefined for what is none.
 */
export function readJwtText(token: string): JwtText | undefined {
  if (token.length > TOKEN_LENGTH_MAX) return undefined;
  const [, head, body, signature] = COMPACT.exec(token) ?? [];
  if (head === undefined || body === undefined || signature === undefined) return undefined;
  const header = readObject(head);
  const claims = readObject(body);
  if (!header || !claims || decode(signature) === undefined) return undefined;
  return { header, claims };
}

function readObject(part: string): Record<string, unknown> | undefined {
  const bytes = decode(part);
  if (!bytes) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
    return memberNames(text) === countKeys(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The bytes of canonical base64url: no padding, and no bits set behind the last byte. */
function decode(part: string): Uint8Array | undefined {
  if (part.length % 4 === 1) return undefined;
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const again = btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return again === part ? Uint8Array.from(binary, (sign) => sign.charCodeAt(0)) : undefined;
}

/** How many members a well-formed JSON text names: a string before a colon is always a name. */
const memberNames = (text: string): number =>
  [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon).length;

/** How many were left of them: a name that stood twice in one object has swallowed one. */
function countKeys(value: unknown): number {
  if (value === null || typeof value !== "object") return 0;
  const inner = Object.values(value).reduce<number>((sum, each) => sum + countKeys(each), 0);
  return Array.isArray(value) ? inner : Object.keys(value).length + inner;
}
