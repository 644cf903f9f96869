/**
 * Statuses with which Cloudflare says that no connection to the origin was made: refused, unreachable,
 * TLS failed. 520, 522 and 524 are left out: there the request may have been sent.
 */
const NEVER_CONNECTED = new Set([521, 523, 525, 526, 530]);
/** Refused before execution by the processor itself: bad credentials, rate limit. */
const TOO_MANY_REQUESTS = 429;
const REFUSED_UNREAD = new Set([401, 403, TOO_MANY_REQUESTS]);

/** A processor's answers are a few kB; a list of payments some more. */
export const REPLY_BYTES_MAX = 1024 * 1024;

/** Whether a status proves that the request was not carried out. */
export const isUnsent = (status: number): boolean =>
  NEVER_CONNECTED.has(status) || REFUSED_UNREAD.has(status);

/** Whether a reply to a question says that a payment would be taken, or refused without being carried out. */
export const isSignOfLife = (reply: { kind: string; status?: number }): boolean =>
  reply.kind === "success" || (reply.kind === "unsent" && reply.status === TOO_MANY_REQUESTS);

/** A redirect is not followed: it would take the key, and the payment, to somebody else. */
export const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** What a call without any answer proves: nothing, unless no connection was made. */
export function sortFailure(error: unknown): { kind: "unsent" | "lost"; reason: string } {
  return isConnectRefused(error)
    ? { kind: "unsent", reason: "connection refused" }
    : { kind: "lost", reason: error instanceof Error ? error.name : "network" };
}

// The runtime has no error codes for sockets, only this text; anything else counts as "may have been sent".
const isConnectRefused = (error: unknown): boolean =>
  error instanceof Error && /connection refused|ECONNREFUSED/i.test(error.message);

/** `undefined` for a text that is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
