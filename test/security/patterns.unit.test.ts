import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");

type Found = { where: string; pattern: string; flags: string };

/** Every regular expression that the Workers' code spells out. */
function patternsOf(path: string): Found[] {
  const found: Found[] = [];
  const visit = (node: unknown): void => {
    if (node === null || typeof node !== "object") return;
    const { regex } = node as { regex?: { pattern: string; flags: string } };
    if (regex) found.push({ where: path, pattern: regex.pattern, flags: regex.flags });
    for (const inner of Object.values(node)) visit(inner);
  };
  visit(parseSync(path, readFileSync(join(ROOT, path), "utf8")).program);
  return found;
}

const patterns = globSync("{src,workers}/**/*.ts", { cwd: ROOT }).flatMap(patternsOf);

const LENGTH = 50_000;
const UNITS = [
  ..."aA0 /.-_:%=<\n@,;\\é\"'[({",
  "a.",
  "a ",
  "a-",
  "0,",
  ".-",
  "%2",
  "a:",
  "\r\n",
  "aa0",
];
/** So many of one thing, and an end that lets no match stand: what makes a bad pattern try again. */
const hostile = UNITS.flatMap((unit) => {
  const run = unit.repeat(LENGTH / unit.length);
  return [`${run}\u0001`, `x${run}\u0001`];
});

/** A pattern that tries every start for every end takes seconds here; a linear one about a millisecond. */
const SLOW_MS = 1_000;

describe("55 · regular expressions", () => {
  it("55 · take no time that grows faster than the text, wherever they stand", {
    timeout: 120_000,
  }, ({ expect }) => {
    expect(patterns.length).toBeGreaterThan(50);
    const slow = patterns.flatMap(({ where, pattern, flags }) => {
      const tried = new RegExp(pattern, flags);
      const worstMs = Math.max(
        ...hostile.map((text) => {
          tried.lastIndex = 0;
          const startMs = performance.now();
          tried.test(text);
          return performance.now() - startMs;
        }),
      );
      return worstMs > SLOW_MS ? [`${where} /${pattern}/${flags}: ${Math.round(worstMs)} ms`] : [];
    });
    expect(slow).toEqual([]);
  });
});
