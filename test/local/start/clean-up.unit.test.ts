import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { startChild } from "../../../local/engines/child.ts";
import { identify } from "../../../local/engines/process-record.ts";
import { endLeftovers, resetData } from "../../../local/start/clean-up.ts";

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-clean-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("a reset empties a shop's directory, but for its own lock and running tests", ({ expect }) => {
  const dir = temporaryDir();
  mkdirSync(join(dir, "tests"));
  for (const name of ["secrets.json", "start.lock"]) writeFileSync(join(dir, name), "{}");
  mkdirSync(join(dir, "mariadb", "data"), { recursive: true });
  resetData(dir);
  expect(readdirSync(dir)).toEqual(["start.lock", "tests"]);
});

test("a reset of a directory that is not a shop's deletes nothing", ({ expect }) => {
  const dir = temporaryDir();
  for (const name of ["thesis.txt", "start.lock"]) writeFileSync(join(dir, name), "");
  expect(() => resetData(dir)).toThrow("stranger");
  expect(existsSync(join(dir, "thesis.txt"))).toBe(true);
});

test("leftovers are found one folder down; one whose owner lives is not touched", async ({
  expect,
}) => {
  const dir = temporaryDir();
  const folder = join(dir, "redis-session");
  const child = await startChild({
    name: "redis-session",
    command: "/bin/sleep",
    args: ["60"],
    dir: folder,
    logFile: join(dir, "sleep.log"),
  });
  onTestFinished(() => child.kill());
  await expect(endLeftovers(dir)).rejects.toThrow("in use");
  expect(identify(child.pid)).toBeDefined();
  await child.stop();
  expect(await endLeftovers(dir)).toBe(0);
});
