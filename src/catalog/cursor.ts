import { z } from "zod";
import { canonicalJson, sha256Hex } from "../shared/digest.ts";

/** The last row of a page: its sort key, and its id for rows with the same key. */
export type Position = { key: string | number; id: string };

const SCOPE_DIGITS = 16;
const Content = z.tuple([
  z.string().length(SCOPE_DIGITS),
  z.union([z.string().max(1024), z.int()]),
  z.string().min(1).max(64),
]);

/** Names a list: a cursor of one list means nothing in another, nor under another sort or filter. */
export const cursorScope = async (list: unknown): Promise<string> =>
  (await sha256Hex(canonicalJson(list))).slice(0, SCOPE_DIGITS);

export function encodeCursor(scope: string, { key, id }: Position): string {
  const bytes = new TextEncoder().encode(JSON.stringify([scope, key, id]));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** `undefined` for what is not a cursor of this list. */
export function decodeCursor(
  scope: string,
  cursor: string,
  kind: "string" | "number",
): Position | undefined {
  let content: unknown;
  try {
    const binary = atob(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    content = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
  const parsed = Content.safeParse(content);
  if (!parsed.success) return undefined;
  const [of, key, id] = parsed.data;
  return of === scope && typeof key === kind ? { key, id } : undefined;
}
