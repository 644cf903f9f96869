import type { OrderId } from "../shared/ids.ts";

/** No vowels, so no words; no 0, 1 or letters that are heard or read as them. */
const ALPHABET = "23456789BCDFGHJKMNPQRSTVWXYZ";
const GROUPS = 3;
const GROUP_LENGTH = 4;
const ID_DIGITS = 36;
/** Shares no factor with the alphabet's size: else the first signs of an id would not reach the last of the number. */
const ID_RADIX = 37n;

/**
 * The name of an order that people say on the phone: `F-7K3M-Q9Q2-XBTP`, 57 bits of the order's id.
 * It opens nothing: access needs the order's token.
 */
export function orderNumber(orderId: OrderId): string {
  let rest = [...orderId.slice("ord_".length)].reduce(
    (value, digit) => value * ID_RADIX + BigInt(Number.parseInt(digit, ID_DIGITS)),
    0n,
  );
  const radix = BigInt(ALPHABET.length);
  let digits = "";
  for (let place = 0; place < GROUPS * GROUP_LENGTH; place += 1) {
    digits = ALPHABET[Number(rest % radix)] + digits;
    rest /= radix;
  }
  const groups = Array.from({ length: GROUPS }, (_, group) =>
    digits.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH),
  );
  return `F-${groups.join("-")}`;
}
