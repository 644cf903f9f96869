import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  base32,
  codeOf,
  matchingStep,
  otpauthUri,
  stepAt,
} from "../../../src/identity/factors/totp.ts";

const bytes = (text: string) => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
/** The secret of RFC 6238, appendix B, and RFC 4226, appendix D. */
const SECRET = bytes("12345678901234567890");
const NOW_MS = 1_700_000_010_000;
const NOW = stepAt(NOW_MS);
const fresh = { nowMs: NOW_MS, lastStep: 0 };

describe("codeOf", () => {
  it.for([
    [59, "94287082"],
    [1_111_111_109, "07081804"],
    [1_111_111_111, "14050471"],
    [1_234_567_890, "89005924"],
    [2_000_000_000, "69279037"],
    [20_000_000_000, "65353130"],
  ] as const)("is what RFC 6238 says at %i s", async ([seconds, code]) => {
    expect(await codeOf(SECRET, stepAt(seconds * 1000), 8)).toBe(code);
    expect(await codeOf(SECRET, stepAt(seconds * 1000))).toBe(code.slice(2));
  });

  it("is what RFC 4226 says for its counters", async () => {
    const codes = await Promise.all([...Array(10).keys()].map((step) => codeOf(SECRET, step)));
    expect(codes).toEqual(
      "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split(" "),
    );
  });
});

describe("matchingStep", () => {
  it.for([-1, 0, 1])("takes the code of the step %i away", async (away) => {
    const code = await codeOf(SECRET, NOW + away);
    expect(await matchingStep(SECRET, code, fresh)).toBe(NOW + away);
  });

  it.for([-3, -2, 2, 3])("refuses the code of the step %i away", async (away) => {
    const code = await codeOf(SECRET, NOW + away);
    expect(await matchingStep(SECRET, code, fresh)).toBeUndefined();
  });

  it("counts steps from their first millisecond to their last", async () => {
    const code = await codeOf(SECRET, 100);
    const at = (nowMs: number) => matchingStep(SECRET, code, { nowMs, lastStep: 0 });
    expect(await at(99 * 30_000 - 1)).toBeUndefined();
    expect(await at(99 * 30_000)).toBe(100);
    expect(await at(102 * 30_000 - 1)).toBe(100);
    expect(await at(102 * 30_000)).toBeUndefined();
  });

  it("refuses a code that was used, and every older one", async () => {
    const code = await codeOf(SECRET, NOW);
    expect(await matchingStep(SECRET, code, { nowMs: NOW_MS, lastStep: NOW })).toBeUndefined();
    expect(await matchingStep(SECRET, code, { nowMs: NOW_MS, lastStep: NOW + 1 })).toBeUndefined();
    expect(await matchingStep(SECRET, code, { nowMs: NOW_MS, lastStep: NOW - 1 })).toBe(NOW);
  });

  it.for(["", "12345", "1234567", "abcdef", " 12345", "-12345"])("refuses %j", async (code) => {
    expect(await matchingStep(SECRET, code, fresh)).toBeUndefined();
  });
});

describe("base32", () => {
  it.for([
    ["", ""],
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"],
  ] as const)("writes %j as RFC 4648 does", ([text, coded]) => {
    expect(base32(bytes(text))).toBe(coded);
  });

  it("keeps every bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (all) => {
        const bits = [...base32(all)]
          .map((sign) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(sign))
          .map((value) => value.toString(2).padStart(5, "0"))
          .join("");
        const read = all.map((_byte, at) => Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2));
        expect(read).toEqual(all);
      }),
    );
  });
});

describe("otpauthUri", () => {
  it("says what apps need, and cannot be led astray by a name", () => {
    const account = "a:b&secret=x@example.com";
    const uri = new URL(otpauthUri(SECRET, { issuer: "My: Shop", account }));
    expect(uri.protocol).toBe("otpauth:");
    expect(decodeURIComponent(uri.pathname)).toMatch(/My {2}Shop:a b&secret=x@example\.com$/);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
      issuer: "My: Shop",
      algorithm: "SHA1",
      digits: "6",
      period: "30",
    });
    expect(uri.search).not.toContain("+");
  });
});
