/** Time-based one-time passwords: RFC 6238 with SHA-1, 6 digits and steps of 30 s, which every app speaks. */
const STEP_SECONDS = 30;
const DIGITS = 6;
/** A code of the step before or after is taken: clocks differ, and typing takes time. */
const STEPS_BEFORE = 1;
const STEPS_AFTER = 1;

export const stepAt = (nowMs: number): number => Math.floor(nowMs / 1000 / STEP_SECONDS);

/** The code of one step (RFC 4226, section 5.3). `digits` is 6 but for the vectors of the standard. */
export async function codeOf(
  secret: Uint8Array<ArrayBuffer>,
  step: number,
  digits = DIGITS,
): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-1" };
  const key = await crypto.subtle.importKey("raw", secret, algorithm, false, ["sign"]);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, counter));
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  const number = mac.getUint32(offset) & 0x7fff_ffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

/**
 * The step whose code was given, by the server's clock alone; `undefined` for a wrong code. Steps up to
 * `lastStep` are over: each code is good for one use (RFC 6238, section 5.2).
 */
export async function matchingStep(
  secret: Uint8Array<ArrayBuffer>,
  code: string,
  { nowMs, lastStep }: { nowMs: number; lastStep: number },
): Promise<number | undefined> {
  const now = stepAt(nowMs);
  let matching: number | undefined;
  // Every step is tried, whichever matches, so that the time taken tells nothing.
  for (let step = now - STEPS_BEFORE; step <= now + STEPS_AFTER; step += 1) {
    const isIt = (await codeOf(secret, step)) === code;
    if (isIt && step > lastStep) matching ??= step;
  }
  return matching;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** RFC 4648, without padding: how authenticator apps take secrets. */
export function base32(bytes: Uint8Array): string {
  let text = "";
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xffff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += BASE32[(buffer >> (bits - 5)) & 31];
  }
  return bits > 0 ? text + BASE32[(buffer << (5 - bits)) & 31] : text;
}

/** What a QR code for an authenticator app holds. */
export function otpauthUri(
  secret: Uint8Array,
  { issuer, account }: { issuer: string; account: string },
): string {
  // A colon separates issuer and account, so neither may hold one.
  const plain = (text: string) => encodeURIComponent(text.replaceAll(":", " "));
  const parameters = new URLSearchParams({
    secret: base32(secret),
    issuer,
    algorithm: "SHA1",
    digits: String(DIGITS),
    period: String(STEP_SECONDS),
  });
  // Apps read "+" as itself, not as a space.
  const query = parameters.toString().replaceAll("+", "%20");
  return `otpauth://totp/${plain(issuer)}:${plain(account)}?${query}`;
}
