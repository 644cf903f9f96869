import { fromHex, isHmacSha256, utf8 } from "./hmac.ts";

/** How far the signed time may be from ours, either way: a recording cannot be played later. */
const TOLERANCE_SECONDS = 300;
const SIGNATURES_MAX = 10;

export type SignedBody = { header: string | undefined; body: Uint8Array<ArrayBuffer> };

/**
 * Whether Stripe signed exactly these bytes, and lately. The header is `t=<seconds>,v1=<hex>[,v1=…]`,
 * each v1 an HMAC-SHA-256 of `<seconds>.<body>`. While a secret is exchanged, either may have signed.
 */
export async function isSignedByStripe(
  { header, body }: SignedBody,
  secrets: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const { time, signatures } = readHeader(header ?? "");
  if (time === undefined) return false;
  if (Math.abs(nowMs / 1000 - Number(time)) > TOLERANCE_SECONDS) return false;
  const prefix = utf8(`${time}.`);
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  for (const secret of secrets) {
    for (const signature of signatures) {
      if (await isHmacSha256(utf8(secret), signature, message)) return true;
    }
  }
  return false;
}

function readHeader(header: string) {
  const parts = header.split(",").map((part) => part.trim());
  const valuesOf = (name: string) =>
    parts.filter((part) => part.startsWith(`${name}=`)).map((part) => part.slice(name.length + 1));
  const times = valuesOf("t");
  const signatures = valuesOf("v1")
    .slice(0, SIGNATURES_MAX)
    .map(fromHex)
    .filter((bytes) => bytes !== undefined);
  // Two times would leave open which one was checked.
  const [time] = times.length === 1 && /^\d{1,12}$/.test(times[0] ?? "") ? times : [];
  return { time, signatures };
}
