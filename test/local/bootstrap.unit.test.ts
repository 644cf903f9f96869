import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, onTestFinished, test, vi } from "vitest";

const BOOTSTRAP = join(import.meta.dirname, "../../local/bootstrap.mjs");
const LOCK = { packages: { "": {}, "node_modules/node": { version: "22.1.0" } } };

let root: string;

/** A checkout of the test's own, whose `npm` writes down how it was called and then does as told. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "frontage-bootstrap-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, "local"));
  cpSync(BOOTSTRAP, join(root, "local/bootstrap.mjs"));
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(LOCK));
  writeFileSync(
    join(root, "local/start.ts"),
    `const [what, code]: string[] = process.argv.slice(2);
     console.log("started with", what, "in", process.version.split(".")[0]);
     if (what === "wait") {
       process.on("SIGTERM", () => { console.log("asked to stop"); process.exit(7); });
       setInterval(() => {}, 1000);
     } else process.exit(Number(code));`,
  );
});

function install(version = "22.1.0"): void {
  mkdirSync(join(root, "node_modules/node/bin"), { recursive: true });
  symlinkSync(process.execPath, join(root, "node_modules/node/bin/node"));
  const packages = { "node_modules/node": { version } };
  writeFileSync(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages }));
}

function fakeNpm(script: string): void {
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin/npm"), `#!/bin/sh\necho "$@" >> "${root}/npm.log"\n${script}\n`);
  chmodSync(join(root, "bin/npm"), 0o755);
}

function run(...args: string[]) {
  const child = spawn(process.execPath, [join(root, "local/bootstrap.mjs"), ...args], {
    env: { ...process.env, PATH: `${join(root, "bin")}:${process.env.PATH}` },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      output += data.toString();
    });
  }
  const ended = once(child, "close").then(([code]) => ({ code: code as number, output }));
  return { child, ended, output: () => output };
}

describe("with the packages installed", () => {
  test("hands arguments over to the project's own Node and passes its exit code on", async ({
    expect,
  }) => {
    install();
    const { code, output } = await run("start", "here", "5").ended;
    expect(code).toBe(5);
    expect(output).toContain("started with here in v22");
    expect(existsSync(join(root, "npm.log"))).toBe(false);
  });

  test("passes a signal on and waits for the answer", async ({ expect }) => {
    install();
    const { child, ended, output } = run("start", "wait");
    await vi.waitFor(() => expect(output()).toContain("started"), { timeout: 10_000 });
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({
      code: 7,
      output: expect.stringContaining("asked to stop"),
    });
  });

  test("explains itself when it does not know the command", async ({ expect }) => {
    install();
    const { code, output } = await run("strat").ended;
    expect(code).toBe(2);
    expect(output).toContain("start|test|migrate");
  });
});

describe("without", () => {
  test("installs them first, once", async ({ expect }) => {
    fakeNpm(`mkdir -p "${root}/node_modules/node/bin"
      ln -sf "${process.execPath}" "${root}/node_modules/node/bin/node"
      echo '${JSON.stringify(LOCK)}' > "${root}/node_modules/.package-lock.json"`);
    const both = await Promise.all([run("start", "a", "0").ended, run("start", "b", "0").ended]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(readFileSync(join(root, "npm.log"), "utf8")).toMatch(/^ci [^\n]*\n$/);
    expect(existsSync(join(root, ".local/install.lock"))).toBe(false);
  });

  test("installs again when a branch wants other versions", async ({ expect }) => {
    install("22.0.0");
    fakeNpm(`echo '${JSON.stringify(LOCK)}' > "${root}/node_modules/.package-lock.json"`);
    expect((await run("start", "a", "0").ended).code).toBe(0);
    expect(readFileSync(join(root, "npm.log"), "utf8")).toMatch(/^ci/);
  });

  test("says what to do when npm fails, and starts nothing", async ({ expect }) => {
    fakeNpm("exit 9");
    const { code, output } = await run("start", "a", "0").ended;
    expect(code).toBe(1);
    expect(output).toContain("npm ci did not succeed (exit code 9)");
    expect(output).not.toContain("started");
    expect(existsSync(join(root, ".local/install.lock"))).toBe(false);
  });

  test("says so when npm was kept from fetching the project's Node", async ({ expect }) => {
    fakeNpm(`mkdir "${root}/node_modules"
      echo '${JSON.stringify(LOCK)}' > "${root}/node_modules/.package-lock.json"`);
    const { code, output } = await run("start", "a", "0").ended;
    expect(code).toBe(1);
    expect(output).toContain("--ignore-scripts=false");
  });
});
