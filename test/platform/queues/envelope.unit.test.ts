import { describe, it } from "vitest";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { retryDelaySeconds } from "../../../src/platform/queues/envelope.ts";

describe("retryDelaySeconds", () => {
  it("doubles up to ten minutes", ({ expect }) => {
    expect([1, 2, 3, 9, 10, 99].map((attempts) => retryDelaySeconds(attempts))).toEqual([
      2, 4, 8, 512, 600, 600,
    ]);
  });

  it("is no less than what was asked for, within the same bound", ({ expect }) => {
    const asking = (seconds?: number) =>
      new Error("a wrapper", { cause: new DependencyDown("push", undefined, seconds) });
    expect(retryDelaySeconds(1, asking(30))).toBe(30);
    expect(retryDelaySeconds(8, asking(30))).toBe(256);
    expect(retryDelaySeconds(1, asking(86_400))).toBe(600);
    expect(retryDelaySeconds(1, asking())).toBe(2);
    expect(retryDelaySeconds(1, new Error("a bug"))).toBe(2);
  });
});
