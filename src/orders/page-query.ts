import { z } from "zod";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const CURSOR_LENGTH_MAX = 120;

/**
 * `?limit=&cursor=` of a list. The cursor is opaque: `read` says which place its text names, and
 * undefined for a text that is none of this list's.
 */
export const pageQuery = <Place extends object | number>(
  read: (text: string) => Place | undefined,
) =>
  z.object({
    limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
    cursor: z
      .string()
      .max(CURSOR_LENGTH_MAX)
      .transform((cursor, context) => {
        const place = read(textOf(cursor));
        if (place !== undefined) return place;
        context.addIssue({ code: "custom", message: "is not a cursor of this list" });
        return z.NEVER;
      })
      .optional(),
  });

export const cursorOf = (text: string): string => btoa(text).replaceAll("=", "");

/** Empty for what is no cursor at all. */
function textOf(cursor: string): string {
  if (!/^[\w+/]+$/.test(cursor)) return "";
  try {
    return atob(cursor);
  } catch {
    return "";
  }
}
