import { describe, it } from "vitest";
import { untilAfter } from "../../../local/ops/access-commands.ts";
import { BadUsage, HelpWanted, readCommand } from "../../../local/ops/read-command.ts";
import { renderBlocks } from "../../../local/ops/render-access.ts";

const read = (...args: string[]) => readCommand(args, {}).command;

describe("the commands of the gate", () => {
  it("name an address, a network or an agent", ({ expect }) => {
    expect(read("block", "203.0.113.9", "--reason", "scrapes")).toEqual({
      name: "block",
      target: { address: "203.0.113.9" },
      reason: "scrapes",
      until: undefined,
    });
    expect(read("block", "2001:db8::/48")).toMatchObject({ target: { cidr: "2001:db8::/48" } });
    expect(read("unblock", "--agent", "Bad*Bot")).toEqual({
      name: "unblock",
      target: { userAgent: "Bad*Bot" },
    });
    expect(read("blocks")).toEqual({ name: "blocks" });
  });

  it("set, remove and list flags", ({ expect }) => {
    expect(read("flag", "pause-checkout=on", "old=", "text=a=b")).toEqual({
      name: "flag",
      flags: { "pause-checkout": "on", old: null, text: "a=b" },
    });
    expect(read("flag")).toEqual({ name: "flag", flags: {} });
  });

  it("end after a time", ({ expect }) => {
    expect(untilAfter("30m", 0)).toBe("1970-01-01T00:30:00.000Z");
    expect(untilAfter("7d", 0)).toBe("1970-01-08T00:00:00.000Z");
    expect(untilAfter(undefined, 0)).toBeUndefined();
  });

  it.for([
    ["block"],
    ["block", "203.0.113.9", "--agent", "x"],
    ["block", "203.0.113.9", "198.51.100.1"],
    ["block", "203.0.113.9", "--for", "soon"],
    ["block", "203.0.113.9", "--for", "0m"],
    ["unblock"],
    ["unblock", "203.0.113.9", "--reason", "x"],
    ["blocks", "203.0.113.9"],
    ["flag", "name"],
    ["flag", "=on"],
  ])("refuse %j and say how they are used", (args, { expect }) => {
    expect(() => read(...args)).toThrow(BadUsage);
    expect(() => read(...args)).toThrow(/Usage: npm run ops/);
  });

  it.for(["block", "unblock", "blocks", "flag"])("explain themselves: %s", (name, { expect }) => {
    expect(() => read(name, "--help")).toThrow(HelpWanted);
    expect(() => read(name, "--help")).toThrow(/--key KEY/);
  });

  it("print what somebody else typed without its escape sequences", ({ expect }) => {
    const block = { kind: "network", value: "203.0.113.9/32", by: "ops", at: "t", until: null };
    const text = renderBlocks([{ ...block, reason: "\u001b[2Jgone" } as never]);
    expect(text).toContain("203.0.113.9/32");
    expect(text).not.toContain("\u001b");
  });
});
