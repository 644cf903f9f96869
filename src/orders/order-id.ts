import type { CheckoutId } from "../shared/ids.ts";
import { EventId, encodeBase32, OrderId } from "../shared/ids.ts";

const ID_BYTES = 16;
const SEQUENCE_DIGITS = 6;

/**
 * The one order a checkout can become. Derived, so that a recovery which knows only the checkout
 * writes the same order; hashed, because a checkout's id opens the checkout and an order's id is
 * shown to more people.
 */
export async function orderIdFor(checkoutId: CheckoutId): Promise<OrderId> {
  return OrderId.parse(`ord_${await digestId(`order|${checkoutId}`)}`);
}

/** Names an event by its place in its stream, so that writing it twice is a duplicate key. */
export function eventIdFor(orderId: OrderId, sequence: number): EventId {
  // Fixed width: else order `a1` event 1 and order `a` event 11 would share a name.
  const place = String(sequence).padStart(SEQUENCE_DIGITS, "0");
  return EventId.parse(`evt_${orderId.slice("ord_".length)}${place}`);
}

/** One return per request, whatever the number of its repeats. */
export async function returnIdFor(orderId: OrderId, request: string): Promise<string> {
  return `ret_${await digestId(`return|${orderId}|${request}`)}`;
}

/** One shipment per request. */
export async function shipmentIdFor(orderId: OrderId, request: string): Promise<string> {
  return `shp_${await digestId(`shipment|${orderId}|${request}`)}`;
}

/** One refund per request; of a return, one whatever the request. */
export async function refundIdFor(orderId: OrderId, request: string): Promise<string> {
  return `ref_${await digestId(`refund|${orderId}|${request}`)}`;
}

/** 128 bits of SHA-256 as 26 characters. */
async function digestId(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return encodeBase32(new Uint8Array(digest).slice(0, ID_BYTES));
}
