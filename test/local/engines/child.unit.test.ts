import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, onTestFinished, test, vi } from "vitest";
import { startChild, whenReady } from "../../../local/engines/child.ts";
import { endLeftover, identify, isAlive } from "../../../local/engines/process-record.ts";

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-child-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A shell command as a child, in a directory of the test's own. */
async function startShell(script: string, dir = temporaryDir(), stopWithinMs = 5_000) {
  const child = await startChild({
    name: "shell",
    command: "/bin/sh",
    args: ["-c", script],
    dir,
    logFile: join(dir, "shell.log"),
    stopWithinMs,
  });
  onTestFinished(() => child.kill());
  return child;
}

describe("startChild", () => {
  test("a child that is asked to stop leaves neither process nor pid file", async ({ expect }) => {
    const dir = temporaryDir();
    const child = await startShell("exec sleep 60", dir);
    expect(existsSync(join(dir, "shell.pid"))).toBe(true);
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
    expect(identify(child.pid)).toBeUndefined();
    expect(existsSync(join(dir, "shell.pid"))).toBe(false);
  });

  test("one that does not listen is ended, with its own children", async ({ expect }) => {
    const child = await startShell(
      'trap "" TERM; sleep 61 & echo $!; wait; wait',
      temporaryDir(),
      300,
    );
    await vi.waitFor(() => expect(child.tail()).toMatch(/^\d+$/));
    const grandchild = Number(child.tail());
    expect(identify(grandchild)).toBeDefined();
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    await vi.waitFor(() => expect(identify(grandchild)).toBeUndefined());
  });

  test("one that ends while it is waited for is named, with its last words", async ({ expect }) => {
    const child = await startShell("echo no room left; exit 3");
    const waiting = whenReady(child, async () => false, 5_000);
    await expect(waiting).rejects.toThrow(/shell ended .*exit code 3.*\nno room left/s);
  });

  test("one that never gets ready is stopped", async ({ expect }) => {
    const child = await startShell("exec sleep 60");
    await expect(whenReady(child, async () => false, 200)).rejects.toThrow("not ready within");
    expect(identify(child.pid)).toBeUndefined();
  });

  test("a program that does not exist is an error, not a crash", async ({ expect }) => {
    const dir = temporaryDir();
    const starting = startChild({
      name: "nothing",
      command: "/nonexistent/program",
      args: [],
      dir,
      logFile: join(dir, "nothing.log"),
    }).then(async (child) => whenReady(child, async () => false, 5_000));
    await expect(starting).rejects.toThrow("nothing");
  });
});

describe("endLeftover", () => {
  /** A process that looks as if `owner` had started it for `dir`. */
  function leaveBehind(dir: string, marker: string, owner = { pid: 999_999_999, startTicks: 1 }) {
    const env = { ...process.env, FRONTAGE_DIR: marker };
    const left = spawn("sleep", ["60"], { detached: true, stdio: "ignore", env });
    onTestFinished(() => {
      left.kill("SIGKILL");
    });
    const id = identify(left.pid ?? 0);
    if (!id) throw new Error("sleep did not start");
    const file = join(dir, "sleep.pid");
    writeFileSync(file, JSON.stringify({ ...id, owner }));
    return { id, file };
  }

  test("ends what a crashed owner has left", async ({ expect }) => {
    const dir = temporaryDir();
    const { id, file } = leaveBehind(dir, dir);
    await vi.waitFor(() => expect(readFileSync(`/proc/${id.pid}/environ`, "utf8")).toContain(dir));
    expect(await endLeftover(file, dir)).toBe("ended");
    expect(isAlive(id)).toBe(false);
    expect(existsSync(file)).toBe(false);
  });

  test("ends what a leader that was killed has left in its group", async ({ expect }) => {
    const dir = temporaryDir();
    const script = "sleep 62 & echo $!; wait";
    const env = { ...process.env, FRONTAGE_DIR: dir };
    const leader = spawn("/bin/sh", ["-c", script], { detached: true, env });
    const [line] = (await once(leader.stdout, "data")) as [Buffer];
    const id = identify(leader.pid ?? 0);
    const orphan = identify(Number(line.toString()));
    if (!id || !orphan) throw new Error("the shell did not start");
    const owner = { pid: 999_999_999, startTicks: 1 };
    writeFileSync(join(dir, "sh.pid"), JSON.stringify({ ...id, owner }));

    leader.kill("SIGKILL");
    await once(leader, "exit");
    expect(isAlive(orphan)).toBe(true);
    expect(await endLeftover(join(dir, "sh.pid"), dir)).toBe("none");
    await vi.waitFor(() => expect(isAlive(orphan)).toBe(false));
  });

  test("spares a process that has nothing to do with the directory", async ({ expect }) => {
    const dir = temporaryDir();
    const { id, file } = leaveBehind(dir, `${dir}-other`);
    expect(await endLeftover(file, dir)).toBe("none");
    expect(isAlive(id)).toBe(true);
  });

  test("spares a stranger that was given the same pid", async ({ expect }) => {
    const dir = temporaryDir();
    const { id, file } = leaveBehind(dir, dir);
    const owner = { pid: 999_999_999, startTicks: 1 };
    writeFileSync(file, JSON.stringify({ ...id, startTicks: id.startTicks - 1, owner }));
    expect(await endLeftover(file, dir)).toBe("none");
    expect(isAlive(id)).toBe(true);
  });

  test("refuses while the owner lives", async ({ expect }) => {
    const dir = temporaryDir();
    const owner = identify(process.pid);
    const { id, file } = leaveBehind(dir, dir, owner);
    await vi.waitFor(() => expect(readFileSync(`/proc/${id.pid}/environ`, "utf8")).toContain(dir));
    await expect(endLeftover(file, dir)).rejects.toThrow("in use");
    expect(isAlive(id)).toBe(true);
  });

  test("a pid file cut off by a crash is no obstacle", async ({ expect }) => {
    const dir = temporaryDir();
    const file = join(dir, "sleep.pid");
    writeFileSync(file, '{"pid":');
    expect(await endLeftover(file, dir)).toBe("none");
    expect(existsSync(file)).toBe(false);
  });
});
