import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, it } from "vitest";
import {
  RespError,
  RespParser,
  RespStatus,
  type RespValue,
} from "../../../local/gateways/upstash/resp-parser.ts";

const line = fc.string().map((text) => text.replace(/[\r\n]/g, " "));
const { reply } = fc.letrec<{ reply: RespValue }>((tie) => ({
  reply: fc.oneof(
    { maxDepth: 4 },
    line.map((text) => new RespStatus(text)),
    line.map((text) => new RespError(text)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.constant(null),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.array(tie("reply"), { maxLength: 5 }),
  ),
}));

function encode(value: RespValue): Buffer {
  if (value === null) return Buffer.from("$-1\r\n");
  if (typeof value === "bigint") return Buffer.from(`:${value}\r\n`);
  if (value instanceof RespStatus) return Buffer.from(`+${value.text}\r\n`);
  if (value instanceof RespError) return Buffer.from(`-${value.message}\r\n`);
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encode)]);
  }
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from("\r\n")]);
}

describe("RespParser", () => {
  it("reads any replies, wherever the network cuts them", ({ expect }) => {
    fc.assert(
      fc.property(
        fc.array(reply, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (replies, cuts) => {
          const bytes = Buffer.concat(replies.map(encode));
          const parser = new RespParser();
          const read: RespValue[] = [];
          let offset = 0;
          for (let step = 0; offset < bytes.length; step += 1) {
            const end = offset + cuts[step % cuts.length]!;
            read.push(...parser.push(bytes.subarray(offset, end)));
            offset = end;
          }
          expect(read).toEqual(replies);
        },
      ),
    );
  });

  it("throws on bytes that are no reply", ({ expect }) => {
    expect(() => new RespParser().push(Buffer.from("HTTP/1.1 200 OK\r\n"))).toThrow("RESP");
    expect(() => new RespParser().push(Buffer.from("*1\r\n".repeat(100)))).toThrow("RESP");
  });
});
