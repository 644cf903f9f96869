import fc from "fast-check";
import { describe, it } from "vitest";
import { scanJson } from "../../../src/platform/gate/scan-json.ts";

const BOUNDS = { depthMax: 5, keysMax: 10 };
const scan = (text: string) => scanJson(text, BOUNDS);

describe("scanJson", () => {
  it.for([
    "{}",
    '{"a":1,"b":{"a":2},"c":[{"a":1},{"a":1}]}',
    '["a","a",{"a":"a"}]',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '"[[[[[[[["',
    '{"a":"\\ud83d\\ude00"}',
    "[[[[[]]]]]",
    "not json at all {",
  ])("has nothing against %s", (text, { expect }) => {
    expect(scan(text)).toBeUndefined();
  });

  it.for([
    ["[[[[[[]]]]]]", "too_deep"],
    ["[".repeat(100_000), "too_deep"],
    ['{"a":'.repeat(100_000), "too_deep"],
    [`{${Array.from({ length: 11 }, (_, at) => `"${at}":1`).join()}}`, "too_many_keys"],
    [`[${'{"a":1},'.repeat(11)}{}]`, "too_many_keys"],
    ['{"a":1,"a":2}', "duplicate_key"],
    ['{"a":1,"\\u0061":2}', "duplicate_key"],
    ['{"role" : 1, "x":[{}], "role" :2}', "duplicate_key"],
    ['{"a":"\\ud83d"}', "lone_surrogate"],
    ['{"\\udc00":1}', "lone_surrogate"],
    ['["\ud800"]', "lone_surrogate"],
  ])("finds in %.40s…: %s", ([text, fault], { expect }) => {
    expect(scan(text!)).toBe(fault);
  });

  it("has nothing against what JSON.stringify writes within the bounds", ({ expect }) => {
    const value = fc.jsonValue({ maxDepth: 3, noUnicodeString: false });
    fc.assert(
      fc.property(value, (each) => {
        const text = JSON.stringify(each);
        expect(scanJson(text, { depthMax: 4, keysMax: 10_000 })).toBeUndefined();
      }),
    );
  });
});
