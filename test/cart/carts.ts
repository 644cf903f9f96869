import { expect } from "vitest";
import type { CartView } from "../../src/cart/model.ts";
import { publishOffer } from "../../src/inventory/publish-offer.ts";
import type { Sku } from "../../src/shared/ids.ts";
import { call, onSale, testIo } from "../inventory/shop.ts";

export const LINES = "/api/v2/cart/lines";

/** A SKU on sale whose stock Redis knows, as it is a second after it came in. */
export async function published(sample: Parameters<typeof onSale>[0] = {}): Promise<Sku> {
  const sku = await onSale(sample);
  const { onHand = 10, backorder = false } = sample;
  const offer = { available: onHand, backorder, version: 1 };
  await publishOffer(testIo(), { sku, offer, crossesZero: true });
  return sku;
}

export const withToken = (token: string, more: Record<string, string> = {}) => ({
  "Cart-Token": token,
  ...more,
});

export async function newCart(sku: Sku, quantity = 1) {
  const response = await call(LINES, { body: { sku, quantity } });
  expect(response.status).toBe(201);
  const cart = await response.json<CartView>();
  return { response, cart, token: cart.token! };
}
