import { afterEach, describe, it, vi } from "vitest";
import { logError, logInfo } from "../../../src/platform/telemetry/log.ts";

afterEach(() => vi.restoreAllMocks());

describe("logError", () => {
  it("writes one line without the values that a driver put into its message", ({ expect }) => {
    const lines: string[] = [];
    vi.spyOn(console, "error").mockImplementation((line: string) => {
      lines.push(line);
    });
    const cause = new Error("Duplicate entry\nsecond line");
    const error = new Error(
      "Failed query: insert into t values (?)\nparams: ada@example.com,tok_x",
      {
        cause,
      },
    );
    logError("request.failed", error, { requestId: "req_1" });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain("\n");
    expect(lines[0]).not.toContain("ada@example.com");
    expect(lines[0]).not.toContain("tok_x");
    const entry = JSON.parse(lines[0]!);
    expect(entry).toMatchObject({ level: "error", event: "request.failed", requestId: "req_1" });
    expect(entry.error).toContain("Duplicate entry");
    expect(entry.stack).toMatch(/^at /);
  });

  const lineOf = (log: () => void): string => {
    const lines: string[] = [];
    for (const method of ["log", "error"] as const) {
      vi.spyOn(console, method).mockImplementation((line: string) => {
        lines.push(line);
      });
    }
    log();
    return lines.join("\n");
  };

  it.for([
    `target: shop.-.primary: vttablet: rpc error: bad (errno 3819): Sql: "insert into users values ('canary@example.com')", BindVars: {v1: "canary"}`,
    "Duplicate entry 'canary@example.com' for key 'users.by_email'",
    "Duplicate entry 'it''s canary' for key 'PRIMARY'",
    "Incorrect string value: 'canary' for column 'name' at row 1",
    "Failed query: select 1\nparams: canary,canary",
  ])("72 · leaves out what the database quotes: %s", (message, { expect }) => {
    const line = lineOf(() =>
      logError("request.failed", new Error("query failed", { cause: new Error(message) })),
    );
    expect(line).not.toContain("canary");
    expect(line.length).toBeGreaterThan(50);
  });

  it("73 · is one line whatever it holds: no value begins a line of its own, or colours a terminal", ({
    expect,
  }) => {
    const forged = 'x\r\n{"level":"error","event":"forged"}\u2028\u001b[31mred\u0000\u009b';
    const line = lineOf(() => {
      logInfo("order.placed", { name: forged });
      logError("request.failed", new Error(forged), { path: forged });
    });
    const lines = line.split("\n");
    expect(lines.map((each) => JSON.parse(each).event)).toEqual(["order.placed", "request.failed"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(line.replaceAll("\n", "")).not.toMatch(/[\u0000-\u001f]/);
  });
});
