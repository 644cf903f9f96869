import fc from "fast-check";
import { describe, it } from "vitest";
import { agentFact, Blocks, matchesPieces } from "../../../src/platform/edge/blocks.ts";
import { networkOf, parseAddress, parseNetwork } from "../../../src/shared/network.ts";

const FOREVER = Number.POSITIVE_INFINITY;
const from = (address: string, agent?: string) => ({ address, agent });

describe("Blocks", () => {
  it("knows an address by any network that it lies in, until that ends or is taken back", ({
    expect,
  }) => {
    const blocks = new Blocks();
    expect(blocks.isEmpty).toBe(true);
    blocks.set("203.0.113.0/24", 1_000);
    blocks.set("2001:db8::/32", FOREVER);
    blocks.set("198.51.100.7/32", FOREVER);
    expect(blocks.has(from("203.0.113.9"), 999)).toBe(true);
    expect(blocks.has(from("203.0.113.9"), 1_000)).toBe(false);
    expect(blocks.has(from("203.0.114.9"), 1)).toBe(false);
    expect(blocks.has(from("2001:db8:ffff::1"), 1)).toBe(true);
    expect(blocks.has(from("2001:db9::1"), 1)).toBe(false);
    // The same machine, through a socket that speaks IPv6.
    expect(blocks.has(from("::ffff:198.51.100.7"), 1)).toBe(true);
    for (const fact of ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32"]) blocks.delete(fact);
    expect(blocks.has(from("2001:db8:ffff::1"), 1)).toBe(false);
    expect(blocks.isEmpty).toBe(true);
  });

  it("counts a block that is set twice once, and passes over what it cannot read", ({ expect }) => {
    const blocks = new Blocks();
    blocks.set("203.0.113.9", 5);
    blocks.set("203.0.113.9/32", FOREVER);
    blocks.set("not a network", FOREVER);
    expect(blocks.has(from("203.0.113.9"), 10)).toBe(true);
    blocks.delete("203.0.113.9/32");
    blocks.delete("never/set");
    expect(blocks.isEmpty).toBe(true);
  });

  it("agrees with a list that is walked through", ({ expect }) => {
    const address = fc.ipV4().map((text) => text.replace(/^\d+\.\d+/, "10.0"));
    const network = fc
      .tuple(address, fc.integer({ min: 8, max: 32 }))
      .map(([start, length]) => `${start}/${length}`);
    fc.assert(
      fc.property(fc.array(network, { maxLength: 20 }), address, (networks, visitor) => {
        const blocks = new Blocks();
        for (const each of networks) blocks.set(each, FOREVER);
        const parsed = parseAddress(visitor)!;
        const listed = networks.some((each) => {
          const { length, value } = parseNetwork(each)!;
          return networkOf(parsed, length).value === value;
        });
        expect(blocks.has(from(visitor), 1)).toBe(listed);
      }),
    );
  });

  it("knows agents by pattern, whatever their case, and lets others by", ({ expect }) => {
    const blocks = new Blocks();
    blocks.set(agentFact("*BadBot/*"), 1_000);
    const agent = "Mozilla/5.0 (compatible; badbot/2.1)";
    expect(blocks.has(from("192.0.2.1", agent), 1)).toBe(true);
    expect(blocks.has(from("192.0.2.1", agent), 1)).toBe(true);
    expect(blocks.has(from("192.0.2.1", "Mozilla/5.0"), 1)).toBe(false);
    expect(blocks.has({ address: undefined, agent }, 1)).toBe(true);
    expect(blocks.has(from("192.0.2.1", agent), 1_000)).toBe(false);
    blocks.delete(agentFact("*BadBot/*"));
    expect([blocks.has(from("192.0.2.1", agent), 1), blocks.isEmpty]).toEqual([false, true]);
  });

  it("looks one visitor up in constant time among twenty thousand networks", ({ expect }) => {
    const blocks = new Blocks();
    for (let at = 0; at < 20_000; at += 1) {
      blocks.set(`10.${at >> 8}.${at & 255}.0/${24 + (at % 8)}`, FOREVER);
    }
    // 8 lengths: 8 hash lookups, whatever else is blocked.
    expect(blocks.has(from("10.3.7.0"), 1)).toBe(true);
    expect(blocks.has(from("11.3.7.0"), 1)).toBe(false);
  });
});

describe("matchesPieces", () => {
  const asRegExp = (pattern: string) =>
    new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`, "s");
  const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

  it("matches what the same pattern as a regular expression matches", ({ expect }) => {
    const letters = fc.string({ unit: fc.constantFrom(..."ab*."), maxLength: 10 });
    fc.assert(
      fc.property(letters, letters, (pattern, text) => {
        expect(matchesPieces(text, pattern.split("*"))).toBe(asRegExp(pattern).test(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it("55 · takes time that grows with the text and not faster, for a pattern made to hurt", ({
    expect,
  }) => {
    // As a backtracking expression, ten stars over this text would take longer than the universe has had.
    const pieces = `${"a*".repeat(30)}b`.split("*");
    let looked = 0;
    const text = { toString: () => "a".repeat(512) }.toString();
    const counting = new Proxy(Object(text), {
      get(target, name) {
        looked += 1;
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(text) : value;
      },
    }) as string;
    expect(matchesPieces(counting, pieces)).toBe(false);
    expect(looked).toBeLessThan(100);
  });
});
