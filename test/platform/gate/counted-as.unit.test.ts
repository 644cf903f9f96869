import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { countedAs, isUnlimited } from "../../../src/platform/gate/counted-as.ts";
import { PACES } from "../../../src/platform/gate/paces.ts";

describe("countedAs", () => {
  it.for([
    ["203.0.113.9", "203.0.113.9"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2:bbbb::2", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["no address", "unreadable"],
  ])("68 · counts %s as %s", ([address, subject], { expect }) => {
    expect(countedAs(address)).toBe(subject);
  });
});

describe("isUnlimited", () => {
  const config = (UNLIMITED_NETWORKS: string[]) => ({ UNLIMITED_NETWORKS });

  it("holds for the networks that are named, and nobody else", ({ expect }) => {
    const named = config(["127.0.0.0/8", "::1", "2001:db8::/32"]);
    for (const address of ["127.0.0.1", "::1", "2001:db8:5::1", "::ffff:127.0.0.1"]) {
      expect([address, isUnlimited(address, named)]).toEqual([address, true]);
    }
    for (const address of ["128.0.0.1", "::2", "2001:db9::1", "localhost", ""]) {
      expect([address, isUnlimited(address, named)]).toEqual([address, false]);
    }
    expect(isUnlimited("127.0.0.1", config([]))).toBe(false);
  });
});

describe("PACES", () => {
  it("say what wrangler.toml says, as the bindings do not", ({ expect }) => {
    const toml = readFileSync(join(import.meta.dirname, "../../../wrangler.toml"), "utf8");
    const named = [
      ...toml.matchAll(
        /^name = "(RATE_\w+)"\nnamespace_id = "\d+"\nsimple = \{ limit = (\d+), period = (\d+) \}/gm,
      ),
    ].map(([, binding, limit, period]) => ({
      binding,
      limit: Number(limit),
      periodMs: Number(period) * 1_000,
    }));
    expect(named).toEqual(Object.values(PACES));
  });
});
