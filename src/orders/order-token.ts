import { hmacToken, sameText } from "../shared/digest.ts";
import type { OrderId } from "../shared/ids.ts";

/** A guest's access to one order: nothing is stored, and only the holder of the secret can make it. */
export const orderToken = (secret: string, orderId: OrderId): Promise<string> =>
  hmacToken(secret, `order|${orderId}`);

/** Needs no network, so a wrong token costs and tells the same whether the order exists or not. */
export async function opensOrder(
  secret: string,
  orderId: OrderId,
  offered: string | undefined,
): Promise<boolean> {
  return sameText(await orderToken(secret, orderId), offered ?? "");
}
