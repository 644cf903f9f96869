import { OrderId } from "../shared/ids.ts";
import { cursorOf, pageQuery } from "./page-query.ts";

/** A place in an account's list of orders. */
export type OrderPlace = { placedAtMs: number; orderId: OrderId };

/** `?limit=&cursor=` of an account's orders. The cursor holds the last order seen. */
export const OrderPage = pageQuery(placeOf);

export const cursorAtOrder = ({ placedAtMs, orderId }: OrderPlace): string =>
  cursorOf(`orders:${placedAtMs}:${orderId}`);

function placeOf(text: string): OrderPlace | undefined {
  const [, placedAtMs, id] = /^orders:(\d{1,15}):(\w+)$/.exec(text) ?? [];
  const orderId = OrderId.safeParse(id);
  return orderId.success ? { placedAtMs: Number(placedAtMs), orderId: orderId.data } : undefined;
}
