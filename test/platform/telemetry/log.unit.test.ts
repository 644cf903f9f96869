import { afterEach, describe, it, vi } from "vitest";
import { logError } from "../../../src/platform/telemetry/log.ts";

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
});
