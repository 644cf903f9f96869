import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const read = <T>(file: string) => JSON.parse(readFileSync(join(ROOT, file), "utf8")) as T;

type Locked = {
  version?: string;
  integrity?: string;
  resolved?: string;
  hasInstallScript?: boolean;
  optional?: boolean;
  dev?: boolean;
};
const { packages } = read<{ packages: Record<string, Locked> }>("package-lock.json");
const locked = Object.entries(packages).filter(([path]) => path !== "");
const nameOf = (path: string) => path.split("node_modules/").at(-1)!;

describe("74 · what this is made of", () => {
  it("is named exactly, by a package.json that the lock agrees with", ({ expect }) => {
    type Named = Record<"dependencies" | "devDependencies", Record<string, string>>;
    const named = read<Named>("package.json");
    const all = Object.entries({ ...named.dependencies, ...named.devDependencies });
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const other = all.filter(
      ([name, version]) => packages[`node_modules/${name}`]?.version !== version,
    );
    expect(other).toEqual([]);
  });

  it("is locked with its digest, and comes from no address outside the registry", ({ expect }) => {
    // Packages for other platforms are not installed here, so nothing has told their digests.
    const open = locked.filter(([, { integrity, optional }]) => !integrity && !optional);
    expect(open.map(([path]) => path)).toEqual([]);
    const strange = locked.filter(([, { resolved = "" }]) => /^(?:git|file|http:)/.test(resolved));
    expect(strange.map(([path]) => path)).toEqual([]);
  });

  it("runs a script at install for these packages alone, none of which is shipped", ({
    expect,
  }) => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = [...new Set(scripted.map(([path]) => nameOf(path)))].sort();
    expect(names).toEqual(["@scarf/scarf", "esbuild", "node", "workerd"]);
    expect(scripted.filter(([, { dev }]) => !dev)).toEqual([]);
  });

  it("is written down by `npm run sbom`, which asks nobody", ({ expect }) => {
    const { scripts } = read<{ scripts: { sbom: string } }>("package.json");
    const env = { ...process.env, npm_config_offline: "true" };
    const text = execFileSync("sh", ["-c", scripts.sbom], { cwd: ROOT, env, encoding: "utf8" });
    type Sbom = { bomFormat: string; components: { name: string; version: string }[] };
    const { bomFormat, components } = JSON.parse(text) as Sbom;
    expect(bomFormat).toBe("CycloneDX");
    const missing = locked.filter(
      ([path, { version }]) =>
        !components.some((each) => each.name === nameOf(path) && each.version === version),
    );
    expect(missing.map(([path]) => path)).toEqual([]);
    expect(components.length).toBeGreaterThan(100);
  });
});
