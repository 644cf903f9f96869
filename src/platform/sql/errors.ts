import { findCause } from "../dependency.ts";

type VitessError = Error & { body: { code: string; message: string } };

const isVitessError = (error: unknown): error is VitessError =>
  error instanceof Error &&
  typeof (error as Partial<VitessError>).body?.message === "string" &&
  typeof (error as Partial<VitessError>).body?.code === "string";

/** A unique key refused the row: someone wrote it first, or this is a repeat of one's own write. */
export function isDuplicateKey(error: unknown): boolean {
  return findCause(error, isVitessError)?.body.message.includes("(errno 1062)") ?? false;
}

/** Vitess codes and MySQL errnos that say "not now" rather than "not like this". */
const NOT_NOW = /"code":"(?:UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|CANCELLED|ABORTED)"/;
const NOT_NOW_ERRNO = /\(errno (?:1040|1053|1129|1205|1213|2002|2003|2006|2013)\)/;

/**
 * Whether an answer of the HTTP API says that the database cannot answer now: it is down, full, or
 * the statement lost a lock race. Errors come with status 200; a healthy answer starts otherwise.
 */
export function saysUnavailable(body: string): boolean {
  if (!body.includes('"error"')) return false;
  const error = errorOf(body);
  return error !== undefined && (NOT_NOW.test(error) || NOT_NOW_ERRNO.test(error));
}

function errorOf(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    return error ? JSON.stringify(error) : undefined;
  } catch {
    return undefined;
  }
}
