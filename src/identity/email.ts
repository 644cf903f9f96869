import { z } from "zod";

/**
 * The one account rule: addresses that are one mailbox, or that a person could take for one, are one
 * account. Letters outside ASCII are not accepted, so none can pass for another (`а` for `a`; a domain of
 * other letters is written in Punycode); case means nothing; what stands behind a `+` is a label.
 */
export type Email = {
  /** As its owner wrote it, for writing to them. */
  address: string;
  /** What all spellings of it have in common. */
  key: string;
};

const LENGTH_MAX = 254;
const EMAIL =
  /^(?=[^@]{1,64}@)[A-Za-z0-9_'-][A-Za-z0-9_'+-]*(?:\.[A-Za-z0-9_'+-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$/;

export const emailOf = (address: string): Email => {
  const [local = "", domain = ""] = address.split("@");
  const mailbox = local.replace(/\+.*$/, "");
  return { address, key: `${mailbox}@${domain}`.toLowerCase() };
};

/** An e-mail address as a request gives it. */
export const EmailInput = z.string().trim().max(LENGTH_MAX).regex(EMAIL).transform(emailOf);
