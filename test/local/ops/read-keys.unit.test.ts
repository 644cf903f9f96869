import { describe, it } from "vitest";
import { BadUsage, readCommand } from "../../../local/ops/read-command.ts";

const read = (...args: string[]) =>
  readCommand(["keys", ...args], { FRONTAGE_STAFF_KEY: "k" }).command;

describe("npm run ops -- keys", () => {
  it.for([
    [[], { name: "keys", act: "list" }],
    [["--revoke", "key_1"], { name: "keys", act: "revoke", id: "key_1" }],
    [
      ["--rotate", "key_1", "--overlap", "60"],
      { name: "keys", act: "rotate", id: "key_1", overlapSeconds: 60 },
    ],
    [
      ["--member", "stf_1", "--name", "ci", "--scope", "orders:read", "--scope", "*:read"],
      {
        name: "keys",
        act: "make",
        member: "stf_1",
        label: "ci",
        scopes: ["orders:read", "*:read"],
        days: 90,
      },
    ],
  ] as const)("reads %j", ([args, command], { expect }) => {
    expect(read(...args)).toEqual(command);
  });

  it.for([
    [["--member", "stf_1"]],
    [["--scope", "*"]],
    [["--member", "stf_1", "--name", "ci", "--scope", "*", "--days", "soon"]],
    [["--rotate", "key_1", "--revoke", "key_1"]],
    [["key_1"]],
  ] as const)("refuses %j", ([args], { expect }) => {
    expect(() => read(...args)).toThrow(BadUsage);
  });
});
