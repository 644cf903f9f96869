import { isIP } from "node:net";
import fc from "fast-check";
import { describe, it } from "vitest";
import {
  addressText,
  networkOf,
  networkText,
  parseAddress,
  parseNetwork,
} from "../../src/shared/network.ts";

const same = (text: string) => {
  const parsed = parseAddress(text);
  return parsed && addressText(parsed);
};

describe("parseAddress", () => {
  it.for([
    ["203.0.113.9", "203.0.113.9"],
    ["::", "::"],
    ["::1", "::1"],
    ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8::1:0:0:1", "2001:db8::1:0:0:1"],
    ["fe80::", "fe80::"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::ffff:cb00:7109", "203.0.113.9"],
    ["64:ff9b::203.0.113.9", "64:ff9b::cb00:7109"],
  ])("reads %s as %s", ([text, canonical], { expect }) => {
    expect(same(text!)).toBe(canonical);
  });

  it.for([
    "",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.256",
    "01.2.3.4",
    "0x7f.0.0.1",
    "2130706433",
    "1.2.3.4 ",
    "1.2.3.4,5.6.7.8",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "1.2.3.4::",
    "::1.2.3.4:1",
    "fe80::1%eth0",
    "[::1]",
    "g::",
    "12345::",
    "x".repeat(1_000),
  ])("refuses %j", (text, { expect }) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("reads what Node calls an address, and nothing else, and writes it so that it reads the same", ({
    expect,
  }) => {
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcf:./%"), maxLength: 24 }),
    );
    fc.assert(
      fc.property(text, (each) => {
        const parsed = parseAddress(each);
        expect([each, parsed !== undefined]).toEqual([
          each,
          isIP(each) !== 0 && !each.includes("%"),
        ]);
        if (parsed) expect(parseAddress(addressText(parsed))).toEqual(parsed);
      }),
    );
  });
});

describe("parseNetwork", () => {
  it.for([
    ["203.0.113.77/24", "203.0.113.0/24"],
    ["203.0.113.77", "203.0.113.77/32"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:db8:1:2:3:4:5:6/64", "2001:db8:1:2::/64"],
    ["::ffff:203.0.113.77/120", "203.0.113.0/24"],
  ])("reads %s as %s", ([text, canonical], { expect }) => {
    const network = parseNetwork(text!);
    expect(network && networkText(network)).toBe(canonical);
  });

  it.for(["1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/08", "::/129", "1.2.3.4/8/8", "/8"])(
    "refuses %s",
    (text, { expect }) => {
      expect(parseNetwork(text)).toBeUndefined();
    },
  );

  it("has an address in it exactly when their first bits are the same", ({ expect }) => {
    const bits = (value: bigint) => value.toString(2).padStart(32, "0");
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (one, other, length) => {
        const [a, b] = [parseAddress(one)!, parseAddress(other)!];
        const isIn = networkOf(a, length).value === networkOf(b, length).value;
        expect(isIn).toBe(bits(a.value).slice(0, length) === bits(b.value).slice(0, length));
      }),
    );
  });
});
