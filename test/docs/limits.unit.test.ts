import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { PACES } from "../../src/platform/gate/paces.ts";

const ROOT = join(import.meta.dirname, "../..");
const page = readFileSync(join(ROOT, "docs/limits.md"), "utf8");

/** Every policy that the code names, wherever it stands beside what it guards. */
function policies(): string[] {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [
      ...readFileSync(join(ROOT, "src", file), "utf8").matchAll(
        /= (?:quota|guesses|attempts)\(\s*"([^"]+)"/g,
      ),
    ])
    .map(([, name]) => name!);
}

describe("docs/limits.md", () => {
  it("names every policy there is, and each has a name of its own", ({ expect }) => {
    const names = policies();
    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names).size).toBe(names.length);
    // A new policy needs its row there.
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it("says how much each pace allows", ({ expect }) => {
    for (const [name, { limit }] of Object.entries(PACES)) {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
      expect(row?.split("|").at(-2)?.trim()).toBe(limit.toLocaleString("en"));
    }
  });
});
