import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { findBinary, installCommand, missingPackages } from "../../../local/engines/install.ts";

test("a server is found on the path, and where Debian keeps servers", ({ expect }) => {
  const dir = mkdtempSync(join(tmpdir(), "frontage-path-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const own = join(dir, "redis-server");
  writeFileSync(own, "");
  expect(findBinary("redis-server", dir)).not.toBe(own); // Not executable.
  chmodSync(own, 0o755);
  expect(findBinary("redis-server", dir)).toBe(own);
  expect(findBinary("mariadbd", dir)).toMatch(/sbin\/mariadbd$/);
});

test("each missing package is named once, in the one command to run", ({ expect }) => {
  const nowhere = "/nonexistent";
  const missing = missingPackages(undefined, nowhere, []);
  expect(missing).toEqual(["mariadb-server-core", "mariadb-client-core", "redis-server"]);
  expect(missingPackages()).toEqual([]);
  expect(installCommand(missing)).toBe(
    "sudo apt-get update && sudo apt-get install -y mariadb-server-core mariadb-client-core redis-server",
  );
});

test("the browser is no engine: only who drives it asks for it", ({ expect }) => {
  const nowhere = "/nonexistent";
  expect(missingPackages(["chromium"], nowhere, [])).toEqual(["chromium", "chromium-sandbox"]);
  expect(missingPackages(undefined, nowhere, []).join()).not.toContain("chromium");
});
