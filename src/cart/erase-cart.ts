import type { Io } from "../platform/io/io.ts";
import { cartHints } from "./cart-hints.ts";
import { ownerName, type StoredCart } from "./model.ts";
import { type CartBinding, cartStub } from "./stub.ts";

const ownerOf = (userId: string) => ({ kind: "user", userId }) as const;

/** Forgets what somebody meant to buy, and what their requests were told. May be repeated. */
export async function eraseCart(
  io: Pick<Io, "meter">,
  env: CartBinding,
  userId: string,
): Promise<void> {
  const owner = ownerOf(userId);
  await io.meter.step("object", async () => cartStub(env, owner).erase());
  cartHints.forget(ownerName(owner));
}

export type ExportedCart = {
  lines: { sku: string; quantity: number }[];
  coupons: string[];
  /** Only their last characters. */
  vouchers: string[];
  mode: StoredCart["mode"];
  postalCode: string | null;
};

/** What a shopper's cart remembers; `null` when there is none. */
export async function exportCart(
  io: Pick<Io, "meter">,
  env: CartBinding,
  userId: string,
): Promise<ExportedCart | null> {
  const cart = await io.meter.step("object", async () => cartStub(env, ownerOf(userId)).view());
  if (!cart) return null;
  const { lines, coupons, vouchers, mode, postalCode } = cart;
  return {
    lines: lines.map(({ sku, quantity }) => ({ sku, quantity })),
    coupons,
    vouchers: vouchers.map(({ mask }) => mask),
    mode,
    postalCode,
  };
}
