import { CODES_MAX, type Offers, voucherRefusal } from "../promotions/index.ts";
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
 * @param offers knows every code of the cart and of the change.
 */
export function planChange(
  cart: StoredCart,
  change: CartChange,
  facts: FactsBySku,
  newLineId: LineId,
  offers: Offers,
): PlannedChange {
  const changed = applyChange(cart, change, facts, newLineId);
  if (!changed.ok) return changed;
  const next = { ...changed.value, version: cart.version + 1 };
  const view = priceCart(next, facts, offers);
  if (!view.ok) return view;
  const refused = refusedCode(change, view.value, cart.currency, offers);
  return refused ? err(refused) : ok({ cart: next, view: view.value });
}

/** A code enters a cart only when it does something; one that stops doing so later stays and says why. */
function refusedCode(
  change: CartChange,
  { coupons }: CartView,
  currency: string,
  offers: Offers,
): CartError | undefined {
  if (change.kind === "add_coupon") {
    const { code: coupon } = change;
    const reason = coupons.find(({ code }) => code === coupon)?.reason;
    return reason && { code: "coupon_refused", coupon, reason };
  }
  if (change.kind === "add_voucher") {
    const { voucherId, mask: voucher } = change;
    const reason = voucherRefusal(offers.vouchers.get(voucherId), currency, offers.atMs);
    return reason && { code: "voucher_refused", voucher, reason };
  }
  return undefined;
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
    case "add_coupon":
    case "remove_coupon":
    case "add_voucher":
    case "remove_voucher":
      return changeCodes(cart, change);
  }
}

type CodeChange = Extract<CartChange, { kind: `${"add" | "remove"}_${"coupon" | "voucher"}` }>;

function changeCodes(cart: StoredCart, change: CodeChange): Result<StoredCart, CartError> {
  switch (change.kind) {
    case "add_coupon": {
      if (cart.coupons.includes(change.code)) return ok(cart);
      if (cart.coupons.length >= CODES_MAX) return err({ code: "code_limit", max: CODES_MAX });
      return ok({ ...cart, coupons: [...cart.coupons, change.code] });
    }
    case "remove_coupon": {
      const coupons = cart.coupons.filter((code) => code !== change.code);
      if (coupons.length === cart.coupons.length) return err({ code: "code_unknown" });
      return ok({ ...cart, coupons });
    }
    case "add_voucher": {
      const { voucherId, mask } = change;
      if (cart.vouchers.some((known) => known.voucherId === voucherId)) return ok(cart);
      if (cart.vouchers.length >= CODES_MAX) return err({ code: "code_limit", max: CODES_MAX });
      return ok({ ...cart, vouchers: [...cart.vouchers, { voucherId, mask }] });
    }
    case "remove_voucher": {
      const vouchers = cart.vouchers.filter(({ voucherId }) => voucherId !== change.voucherId);
      if (vouchers.length === cart.vouchers.length) return err({ code: "code_unknown" });
      return ok({ ...cart, vouchers });
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
