import { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { RespParser, type RespValue } from "./resp-parser.ts";

export type RedisAddress = { socketPath: string } | { host: string; port: number };

const CONNECT_TIMEOUT_MS = 800;
/** How long a reply may stay away before the connection counts as dead. */
const REPLY_TIMEOUT_MS = 10_000;

/** Redis cannot be reached, or went away with replies outstanding: those commands may have run. */
export class RedisUnavailable extends Error {}

type Batch = {
  replies: RespValue[];
  expected: number;
  resolve(replies: RespValue[]): void;
  reject(error: Error): void;
};

/**
 * One pipelined connection to Redis, opened when it is needed and again after it broke. Commands
 * sent while Redis is down fail at once: waiting for it is the caller's decision.
 */
export class RespClient {
  readonly #address: RedisAddress;
  #socket: Promise<Socket> | undefined;
  /** Batches on the wire, oldest first; Redis answers in this order. */
  #outstanding: Batch[] = [];
  #closed = false;

  constructor(address: RedisAddress) {
    this.#address = address;
  }

  /** Writes all commands in one piece, so that nobody else's come between; one reply for each. */
  async send(commands: readonly (readonly string[])[]): Promise<RespValue[]> {
    if (this.#closed) throw new RedisUnavailable("the gateway is closing");
    this.#socket ??= this.#open();
    const socket = await this.#socket;
    // Its "close" has been, and would not come again for this batch.
    if (socket.destroyed) throw new RedisUnavailable("connection to Redis lost");
    return await new Promise((resolve, reject) => {
      this.#outstanding.push({ replies: [], expected: commands.length, resolve, reject });
      socket.write(encode(commands));
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const socket = await this.#socket?.catch(() => undefined);
    socket?.destroy();
  }

  async #open(): Promise<Socket> {
    const address = this.#address;
    const socket =
      "socketPath" in address ? connect(address.socketPath) : connect(address.port, address.host);
    socket.setNoDelay(true);
    try {
      await connected(socket);
    } catch (error) {
      this.#socket = undefined;
      throw error;
    }
    const parser = new RespParser();
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const reply of parser.push(chunk)) this.#settle(reply);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.setTimeout(REPLY_TIMEOUT_MS, () => {
      // An idle connection is fine; one that owes replies is not.
      if (this.#outstanding.length > 0) socket.destroy();
    });
    socket.on("error", () => undefined); // "close" follows, and says it all.
    socket.on("close", () => {
      this.#socket = undefined;
      for (const batch of this.#outstanding.splice(0)) {
        batch.reject(new RedisUnavailable("connection to Redis lost"));
      }
    });
    return socket;
  }

  #settle(reply: RespValue): void {
    const batch = this.#outstanding[0];
    if (!batch) throw new Error("RESP: a reply that nobody asked for");
    batch.replies.push(reply);
    if (batch.replies.length < batch.expected) return;
    this.#outstanding.shift();
    batch.resolve(batch.replies);
  }
}

async function connected(socket: Socket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const fail = () => {
      socket.destroy();
      reject(new RedisUnavailable("cannot connect to Redis"));
    };
    // One turn later: when something else kept this process busy, the answer may lie there unread.
    const timer = setTimeout(
      () => setImmediate(() => socket.connecting && fail()),
      CONNECT_TIMEOUT_MS,
    );
    socket.once("error", () => {
      clearTimeout(timer);
      fail();
    });
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function encode(commands: readonly (readonly string[])[]): Buffer {
  const parts: string[] = [];
  for (const words of commands) {
    parts.push(`*${words.length}\r\n`);
    for (const word of words) parts.push(`$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  }
  return Buffer.from(parts.join(""), "utf8");
}
