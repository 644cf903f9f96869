import { describe, test } from "vitest";
import { cronMatches } from "../../../local/stack/cron.ts";

// A Friday.
const at = (time: string) => new Date(`2026-11-20T${time}:00Z`);

describe("cronMatches", () => {
  test.for([
    ["* * * * *", "13:07", true],
    ["*/5 * * * *", "13:10", true],
    ["*/5 * * * *", "13:11", false],
    ["3-59/10 * * * *", "13:13", true],
    ["3-59/10 * * * *", "13:10", false],
    ["5/20 * * * *", "13:45", true],
    ["0,30 9-17 * * *", "17:30", true],
    ["0,30 9-17 * * *", "18:00", false],
    ["0 3 20 11 *", "03:00", true],
    ["0 3 21 11 *", "03:00", false],
    ["0 3 * * 6", "03:00", true],
    ["0 3 * * 5", "03:00", false],
  ] as const)("%s at %s: %s", ([expression, time, matches], { expect }) => {
    expect(cronMatches(expression, at(time))).toBe(matches);
  });

  test.for(["* * * *", "x * * * *", "1- * * * *", ""])(
    "%s is refused, never silently skipped",
    (expression, { expect }) => {
      expect(() => cronMatches(expression, at("00:00"))).toThrow("cron expression");
    },
  );
});
