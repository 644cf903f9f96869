import { sha256Hex } from "../../shared/digest.ts";
import { encodeBase32 } from "../../shared/ids.ts";

export const RECOVERY_CODES = 10;
/** 80 random bits each: too many to guess, so that a plain hash keeps them. */
const CODE_BYTES = 10;
const GROUP = /.{4}/g;

/** As they are shown, once: `8f3k-2m9q-x7tp-0c4w`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const text = encodeBase32(crypto.getRandomValues(new Uint8Array(CODE_BYTES)));
    return (text.match(GROUP) ?? []).join("-");
  });
}

/** Typed from paper: case, spaces and dashes mean nothing, O is 0, and I and L are 1. */
const normal = (code: string): string =>
  code.toLowerCase().replaceAll(/[\s-]/g, "").replaceAll("o", "0").replaceAll(/[il]/g, "1");

/** What is kept of a code. The account is part of it, so equal codes of two accounts look unlike. */
export const recoveryCodeHash = (userId: string, code: string): Promise<string> =>
  sha256Hex(`recovery\n${userId}\n${normal(code)}`);
