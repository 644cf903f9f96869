import type { LineId } from "../shared/ids.ts";
import { QUANTITY_MAX } from "../shared/quantity.ts";
import { err, ok, type Result } from "../shared/result.ts";
import {
  type CartChange,
  type CartError,
  type CartView,
  LINES_MAX,
  type StoredCart,
  type StoredLine,
} from "./model.ts";
import { type FactsBySku, isOnSale, obtainable, priceCart } from "./price-cart.ts";

export type PlannedChange = Result<{ cart: StoredCart; view: CartView }, CartError>;

/**
 * Decides a change and what its answer shows, without touching anything: a refused change leaves
 * the cart as it was, and an accepted one is written together with its answer.
 *
 * @param newLineId is used when the change makes a line.
 */
export function planChange(
  cart: StoredCart,
  change: CartChange,
  facts: FactsBySku,
  newLineId: LineId,
): PlannedChange {
  const changed = applyChange(cart, change, facts, newLineId);
  if (!changed.ok) return changed;
  const next = { ...changed.value, version: cart.version + 1 };
  const view = priceCart(next, facts);
  return view.ok ? ok({ cart: next, view: view.value }) : view;
}

function applyChange(
  cart: StoredCart,
  change: CartChange,
  facts: FactsBySku,
  newLineId: LineId,
): Result<StoredCart, CartError> {
  switch (change.kind) {
    case "mode":
      return ok({ ...cart, mode: change.mode, postalCode: change.postalCode });
    case "add": {
      if (!isOnSale(facts.get(change.sku), cart.currency)) return err({ code: "sku_unknown" });
      const known = cart.lines.find(({ sku }) => sku === change.sku);
      const added = known ?? { lineId: newLineId, sku: change.sku, quantity: 0 };
      return setQuantity(cart, added, added.quantity + change.quantity, facts);
    }
    case "set": {
      const line = cart.lines.find(({ lineId }) => lineId === change.lineId);
      if (!line) return err({ code: "line_unknown" });
      return setQuantity(cart, line, change.quantity, facts);
    }
  }
}

function setQuantity(
  cart: StoredCart,
  line: StoredLine,
  quantity: number,
  facts: FactsBySku,
): Result<StoredCart, CartError> {
  const others = cart.lines.filter(({ lineId }) => lineId !== line.lineId);
  if (quantity === 0) return ok({ ...cart, lines: others });
  if (quantity > QUANTITY_MAX) return err({ code: "quantity_limit", max: QUANTITY_MAX });

  const known = facts.get(line.sku);
  // What is no longer on sale may only leave the cart.
  if (!isOnSale(known, cart.currency)) return err({ code: "insufficient_stock", available: 0 });
  if (quantity > obtainable(known)) {
    return err({ code: "insufficient_stock", available: known.available });
  }
  const isNew = others.length === cart.lines.length;
  if (isNew && others.length >= LINES_MAX) return err({ code: "line_limit", max: LINES_MAX });
  const changed = { ...line, quantity };
  const lines = isNew
    ? [...others, changed]
    : cart.lines.map((each) => (each.lineId === line.lineId ? changed : each));
  return ok({ ...cart, lines });
}

type Bought = { sku: string; quantity: number };

/**
 * Takes exactly what was bought out of a cart. What was added while the payment ran stays, and what
 * was taken out meanwhile is not missed.
 */
export function withoutBought(
  lines: readonly StoredLine[],
  bought: readonly Bought[],
): StoredLine[] {
  const left = new Map<string, number>();
  for (const { sku, quantity } of bought) left.set(sku, (left.get(sku) ?? 0) + quantity);
  return lines
    .map((line) => ({ ...line, quantity: line.quantity - (left.get(line.sku) ?? 0) }))
    .filter(({ quantity }) => quantity > 0);
}
