import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../stack/runtime.ts";

/** A shop to load, and the staff key that may. */
export type Target = { url: string; key: string };

/** A reason to stop that is told as it is, without a stack trace. */
export class CannotLoad extends Error {
  override readonly name = "CannotLoad";
  /** The shop's answer, where it was one that refused. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** What was named on the command line, else the shop that runs here. */
export function chooseTarget(named: {
  url?: string | undefined;
  key?: string | undefined;
}): Target {
  const { url, key } = named;
  if (url && key) return { url: withoutSlash(url), key };
  const file = join(REPOSITORY, ".local", "ports.json");
  if (!existsSync(file)) {
    throw new CannotLoad(
      "No shop is running here (npm start). For another one, name it: --url URL --key STAFF_KEY",
    );
  }
  const { api, staffKey } = JSON.parse(readFileSync(file, "utf8")) as {
    api: number;
    staffKey: string;
  };
  return { url: withoutSlash(url ?? `http://127.0.0.1:${api}`), key: key ?? staffKey };
}

const withoutSlash = (url: string) => url.replace(/\/+$/, "");

type Upload = {
  method: "POST" | "PUT";
  contentType: string;
  body: string | Uint8Array<ArrayBuffer>;
  /** For what must not be done twice. */
  idempotencyKey?: string;
};

const ATTEMPTS_MAX = 6;
const PAUSE_MS = 500;

/**
 * Sends one upload. Imports and images may be repeated without harm, so weather is waited out: a
 * refused connection, a 429 or a 5xx is tried again, each time after twice the pause.
 *
 * @throws CannotLoad with the problem's own words when the shop refuses, or stays away.
 */
export async function upload(target: Target, path: string, what: Upload) {
  const { method, contentType, body, idempotencyKey } = what;
  let last = "";
  let status: number | undefined;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    if (attempt > 1) await new Promise((wake) => setTimeout(wake, PAUSE_MS * 2 ** (attempt - 2)));
    try {
      const response = await fetch(`${target.url}/ops/v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${target.key}`,
          "Content-Type": contentType,
          ...(idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey }),
        },
        body,
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text) as unknown;
      status = response.status;
      last = `HTTP ${response.status}: ${text.slice(0, 500)}`;
      if (response.status < 500 && response.status !== 429) break;
    } catch (error) {
      const { cause, message } = error as Error;
      last = cause instanceof Error ? `${message}: ${cause.message}` : message;
    }
  }
  throw new CannotLoad(`${method} ${path} did not succeed. ${last}`, status);
}
