import { z } from "zod";
import { OrderId } from "../shared/ids.ts";

const LIMIT_DEFAULT = 20;
const LIMIT_MAX = 100;
const CURSOR_LENGTH_MAX = 120;

/** A place in an account's list of orders. */
export type OrderPlace = { placedAtMs: number; orderId: OrderId };

/** `?limit=&cursor=` of an account's orders. The cursor is opaque; it holds the last order seen. */
export const OrderPage = z.object({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z
    .string()
    .max(CURSOR_LENGTH_MAX)
    .transform((cursor, context) => {
      const place = placeOf(cursor);
      if (place !== undefined) return place;
      context.addIssue({ code: "custom", message: "is not a cursor of this list" });
      return z.NEVER;
    })
    .optional(),
});

export const cursorAtOrder = ({ placedAtMs, orderId }: OrderPlace): string =>
  btoa(`orders:${placedAtMs}:${orderId}`).replaceAll("=", "");

function placeOf(cursor: string): OrderPlace | undefined {
  if (!/^[\w+/]+$/.test(cursor)) return undefined;
  let text: string;
  try {
    text = atob(cursor);
  } catch {
    return undefined;
  }
  const [, placedAtMs, id] = /^orders:(\d{1,15}):(\w+)$/.exec(text) ?? [];
  const orderId = OrderId.safeParse(id);
  return orderId.success ? { placedAtMs: Number(placedAtMs), orderId: orderId.data } : undefined;
}
