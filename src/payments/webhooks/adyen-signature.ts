import type { AdyenItem } from "../adyen-standing.ts";
import { fromBase64, fromHex, isHmacSha256, utf8 } from "./hmac.ts";

/**
 * Whether Adyen signed this item: HMAC-SHA-256 over eight of its fields, joined by colons. The others
 * (reason, date, …) anybody on the way could change, so nothing is decided by them. While a key is
 * exchanged, either may have signed.
 */
export async function isSignedByAdyen(
  item: AdyenItem,
  hmacKeys: readonly string[],
): Promise<boolean> {
  const given = item.additionalData?.hmacSignature;
  const signature = typeof given === "string" ? fromBase64(given) : undefined;
  if (!signature) return false;
  const message = utf8(signedText(item));
  for (const hmacKey of hmacKeys) {
    const key = fromHex(hmacKey);
    if (key && (await isHmacSha256(key, signature, message))) return true;
  }
  return false;
}

function signedText(item: AdyenItem): string {
  const fields = [
    item.pspReference,
    item.originalReference ?? "",
    item.merchantAccountCode,
    item.merchantReference,
    String(item.amount.value),
    item.amount.currency,
    item.eventCode,
    item.success,
  ];
  return fields.join(":");
}
