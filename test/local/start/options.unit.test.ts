import { test } from "vitest";
import { BadUsage, readStartOptions } from "../../../local/start/options.ts";

test("without options: the usual port, a sample, nothing deleted", ({ expect }) => {
  const { port, reset, sample, dir } = readStartOptions([]);
  expect({ port, reset, sample }).toEqual({ port: 8787, reset: false, sample: true });
  expect(dir).toMatch(/\/\.local$/);
});

test("each option is read", ({ expect }) => {
  const args = ["--reset", "--port", "9001", "--no-sample", "--dir", "/srv/shop"];
  expect(readStartOptions(args)).toEqual({
    reset: true,
    port: 9001,
    sample: false,
    dir: "/srv/shop",
  });
});

test.for([
  [["--port", "0"]],
  [["--port", "65536"]],
  [["--port", "80a"]],
  [["--port"]],
  [["--resett"]],
  [["reset"]],
])("%o is bad usage", ([args], { expect }) => {
  expect(() => readStartOptions(args ?? [])).toThrow(BadUsage);
});
