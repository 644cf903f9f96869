import { z } from "zod";
import { assert } from "../shared/assert.ts";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const CURSOR_LENGTH_MAX = 40;

/** `?limit=&cursor=` of an order's events. The cursor is opaque; it holds the last sequence seen. */
export const EventPage = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z
    .string()
    .max(CURSOR_LENGTH_MAX)
    .transform((cursor, context) => {
      const sequence = sequenceOf(cursor);
      if (sequence !== undefined) return sequence;
      context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return z.NEVER;
    })
    .optional(),
});

const PREFIX = "events:";

export function cursorAfter(sequence: number): string {
  assert(Number.isSafeInteger(sequence) && sequence > 0, "a cursor stands after an event");
  return btoa(`${PREFIX}${sequence}`).replaceAll("=", "");
}

function sequenceOf(cursor: string): number | undefined {
  if (!/^[\w+/]+$/.test(cursor)) return undefined;
  let text: string;
  try {
    text = atob(cursor);
  } catch {
    return undefined;
  }
  const digits = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : "";
  return /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : undefined;
}
