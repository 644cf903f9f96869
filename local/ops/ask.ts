import { CannotLoad, type Target } from "../catalog/target.ts";

export type Question = {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  body?: unknown;
  /** A status of 400 or more that is an answer, not a refusal. */
  accept?: number;
};

const ATTEMPTS_MAX = 3;
const PAUSE_MS = 300;
const TIMEOUT_MS = 20_000;

/**
 * Asks the shop. A connection that breaks and a 503 are tried again: a read changes nothing, and a
 * write carries one key through all attempts, so it takes effect once.
 *
 * @throws CannotLoad with the problem's own words when the shop refuses, or stays away.
 */
export async function ask<T>(
  { url, key }: Target,
  { method, path, body, accept }: Question,
): Promise<T> {
  // The shop's public routes know no staff keys: they would refuse one as a shopper's bad token.
  const asStaff = key !== undefined && path.startsWith("/ops/");
  const headers: Record<string, string> = { ...(asStaff && { Authorization: `Bearer ${key}` }) };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    headers["Idempotency-Key"] = crypto.randomUUID();
  }
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  let last = "";
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 1) await new Promise((wake) => setTimeout(wake, PAUSE_MS * attempt));
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${url}${path}`, { ...init, signal });
      const text = await response.text();
      if (response.ok || response.status === accept) return parse<T>(text);
      last = refusalOf(response.status, text);
      if (response.status !== 503) break;
    } catch (error) {
      if (error instanceof CannotLoad) throw error;
      const { message, cause } = error as Error;
      last = `${url}: ${cause instanceof Error ? cause.message : message}`;
    }
  }
  throw new CannotLoad(last);
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CannotLoad(`What answers there is no shop: ${text.slice(0, 100)}`);
  }
}

type Problem = {
  title?: string;
  detail?: string;
  requestId?: string;
  errors?: { pointer: string; message: string }[];
};

/** A problem as a person reads it: what, where, and the id that leads to the log. */
function refusalOf(status: number, text: string): string {
  let problem: Problem;
  try {
    problem = JSON.parse(text) as Problem;
  } catch {
    return `HTTP ${status}: ${text.slice(0, 200)}`;
  }
  const { title = "refused", detail, requestId, errors = [] } = problem;
  const lines = errors.map(({ pointer, message }) => `  ${pointer || "/"} ${message}`);
  const head = `${status} ${title}${detail ? `: ${detail}` : ""}`;
  return [head, ...lines, ...(requestId ? [`  request ${requestId}`] : [])].join("\n");
}
