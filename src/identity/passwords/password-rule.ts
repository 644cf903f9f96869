import { z } from "zod";
import { isCommon } from "./common-passwords.ts";

const LENGTH_MIN = 8;
const LENGTH_MAX = 256;

/**
 * A password as somebody types it to sign in. It is hashed in its NFKC form, so that the same letters
 * typed on another keyboard are the same password; nothing is trimmed, and case counts.
 */
export const CurrentPassword = z
  .string()
  .min(1)
  .max(LENGTH_MAX)
  .refine((text) => text.isWellFormed(), "holds half a character");

/** One that somebody chooses: 8 to 256 characters, any; not one of those that are tried first. */
export const NewPassword = z
  .string()
  .min(LENGTH_MIN)
  .max(LENGTH_MAX)
  .refine((text) => text.isWellFormed(), "holds half a character")
  .refine((text) => !isCommon(text), "is one of the passwords that are tried first");
