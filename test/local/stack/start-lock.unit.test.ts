import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { identify } from "../../../local/engines/process-record.ts";
import { AlreadyStarted, takeStartLock } from "../../../local/stack/start-lock.ts";

const URL = "http://127.0.0.1:8787";

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-lock-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}

test("a second start learns who runs, and where", async ({ expect }) => {
  const dir = temporaryDir();
  const lock = await takeStartLock(dir, URL);
  lock.setState("running");
  const second = takeStartLock(dir, "http://127.0.0.1:9000");
  await expect(second).rejects.toThrow(AlreadyStarted);
  await expect(second).rejects.toMatchObject({
    holder: { pid: process.pid, state: "running", apiUrl: URL },
  });
  lock.release();
  (await takeStartLock(dir, URL)).release();
  expect(existsSync(join(dir, "start.lock"))).toBe(false);
});

test("one that is stopping is waited for", async ({ expect }) => {
  const dir = temporaryDir();
  const lock = await takeStartLock(dir, URL);
  lock.setState("stopping");
  let taken = false;
  const second = takeStartLock(dir, URL).then((next) => {
    taken = true;
    return next;
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(taken).toBe(false);
  lock.release();
  (await second).release();
});

test.for([
  [
    "a process that has ended",
    JSON.stringify({ pid: 999_999_999, startTicks: 1, state: "running" }),
  ],
  [
    "a pid that a stranger has now",
    JSON.stringify({ ...identify(process.pid), startTicks: 1, state: "running" }),
  ],
  ["a lock cut off by a crash", '{"pid":'],
] as const)("%s does not hold the directory", async ([, text], { expect }) => {
  const dir = temporaryDir();
  writeFileSync(join(dir, "start.lock"), text);
  const lock = await takeStartLock(dir, URL);
  expect(existsSync(join(dir, "start.lock"))).toBe(true);
  lock.release();
});
