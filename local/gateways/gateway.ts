import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** A running stand-in for a hosted service. `close()` answers what is under way, then leaves nothing open. */
export type Gateway = { url: string; port: number; close(): Promise<void> };

export type GatewayRequest = {
  method: string;
  /** Undecoded path, without the query string. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: string;
};

/** `hang-up` destroys the connection without an answer, as a network failure does. */
export type GatewayReply =
  | { status: number; json: unknown; headers?: Record<string, string> }
  | { status: number; text: string; headers: { "Content-Type": string } }
  | "hang-up";

export type GatewayOptions = {
  /** 0 picks a free port. */
  port: number;
  host?: string | undefined;
  maxBodyBytes: number;
  answer(request: GatewayRequest): Promise<GatewayReply>;
  /** The service's own shape for an error that never reached `answer`, or that it threw. */
  refuse(status: number, message: string): GatewayReply;
  /** Closes what stands behind the gateway, once no request is under way. */
  closeEngine(): Promise<void>;
};

const CLOSE_GRACE_MS = 2_000;
// Longer than the idle time of the usual HTTP clients: the side that sends requests closes first,
// so no request is written to a connection that is being closed.
const KEEP_ALIVE_MS = 75_000;

class BodyTooLarge extends Error {}

/** Serves one protocol over plain HTTP. Rejects when the port is taken. */
export async function serveGateway(options: GatewayOptions): Promise<Gateway> {
  const host = options.host ?? "127.0.0.1";
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const reply = replyTo(request, options).catch((error: unknown) => {
      console.error("gateway:", error);
      return options.refuse(500, "internal error");
    });
    void reply.then((it) => {
      // An answer during the close would else leave its connection open for the whole grace.
      if (!server.listening) response.setHeader("Connection", "close");
      write(response, it);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;

  let closing: Promise<void> | undefined;
  const close = async () => {
    const grace = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(grace);
    await options.closeEngine();
  };
  return {
    url: `http://${host}:${port}`,
    port,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function replyTo(
  request: IncomingMessage,
  { maxBodyBytes, answer, refuse }: GatewayOptions,
): Promise<GatewayReply> {
  let body: string;
  try {
    body = await readBody(request, maxBodyBytes);
  } catch (error) {
    if (error instanceof BodyTooLarge) return refuse(413, `body exceeds ${maxBodyBytes} bytes`);
    return "hang-up"; // The client went away in the middle of its own request.
  }
  const { method = "GET", url = "/", headers } = request;
  const cut = url.indexOf("?");
  const path = cut < 0 ? url : url.slice(0, cut);
  const query = new URLSearchParams(cut < 0 ? "" : url.slice(cut + 1));
  return await answer({ method, path, query, headers, body });
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Read on, so that the client can see the answer, but keep nothing more.
    if (bytes <= maxBytes) chunks.push(chunk);
    else chunks.length = 0;
  }
  if (bytes > maxBytes) throw new BodyTooLarge();
  return Buffer.concat(chunks).toString("utf8");
}

function write(response: ServerResponse, reply: GatewayReply): void {
  if (reply === "hang-up") {
    response.destroy();
    return;
  }
  const body = "text" in reply ? reply.text : stringify(reply.json);
  response.writeHead(reply.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    ...reply.headers,
  });
  response.end(body);
}

// 64-bit integers go out as exact number literals, which the hosted services also do.
const { rawJSON } = JSON as unknown as { rawJSON(literal: string): unknown };
function stringify(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === "bigint" ? rawJSON(item.toString()) : item,
  );
}

/** Parses a JSON body; `undefined` when it is not JSON (no JSON text parses to `undefined`). */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Compares secrets in a time that does not depend on where they differ. */
export function sameSecret(given: string | undefined, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(expected));
}
