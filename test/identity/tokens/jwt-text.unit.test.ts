import fc from "fast-check";
import { describe, it } from "vitest";
import { readJwtText } from "../../../src/identity/tokens/jwt-text.ts";

const base64Url = (text: string) => Buffer.from(text).toString("base64url");
const token = (claims: string, header = '{"alg":"x"}') =>
  `${base64Url(header)}.${base64Url(claims)}.AAAA`;

describe("readJwtText", () => {
  it("reads every object that JSON writes once", ({ expect }) => {
    const value = fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue({ maxDepth: 3 }), {
      maxKeys: 6,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(value, (claims) => {
        const text = JSON.stringify(claims);
        if (text.length > 2_500) return;
        // Compared as text: `__proto__` may be among the names.
        expect(JSON.stringify(readJwtText(token(text))?.claims)).toBe(text);
        expect(readJwtText(token(JSON.stringify(claims, null, 2)))).toBeDefined();
      }),
      { numRuns: 300 },
    );
  });

  it("refuses a name that stands twice, at any depth and in any spelling", ({ expect }) => {
    for (const text of [
      '{"a":1,"a":1}',
      '{"a":1,"b":{"c":1,"c":2}}',
      '{"a":[{"c":1},{"c":1,"c":2}]}',
      '{"a":1,"\\u0061":2}',
      '{"__proto__":1,"__proto__":2}',
      '{"a" : 1, "a"\n:2}',
    ]) {
      expect(readJwtText(token(text)), text).toBeUndefined();
    }
    for (const text of ['{"a":"b\\":","c":"{\\"a\\":1}"}', '{"a":{"a":{"a":1}}}', '{"":""}']) {
      expect(readJwtText(token(text)), text).toBeDefined();
    }
  });

  it("refuses what is no object, no JSON or no UTF-8", ({ expect }) => {
    for (const text of ["", "null", "7", '"text"', "[]", "{", "{}{}", "\ufeff{}"]) {
      expect(readJwtText(token(text)), text).toBeUndefined();
    }
    const broken = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString("base64url");
    expect(readJwtText(`${base64Url("{}")}.${broken}.AAAA`)).toBeUndefined();
  });
});
