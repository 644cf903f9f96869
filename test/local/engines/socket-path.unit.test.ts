import { chmodSync, lstatSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { onTestFinished, test } from "vitest";
import { socketPath } from "../../../local/engines/socket-path.ts";

test("a short directory holds its socket itself", ({ expect }) => {
  expect(socketPath("/srv/shop", "db.sock")).toBe("/srv/shop/db.sock");
});

test("a long one gets a short, private, stable place of its own", ({ expect }) => {
  const long = `/srv/${crypto.randomUUID()}/${"é".repeat(60)}`;
  const path = socketPath(long, "db.sock");
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));

  expect(Buffer.byteLength(path)).toBeLessThan(100);
  expect(socketPath(long, "db.sock")).toBe(path);
  expect(socketPath(`${long}2`, "db.sock")).not.toBe(path);
  rmSync(dirname(socketPath(`${long}2`, "db.sock")), { recursive: true });
  expect(lstatSync(dirname(path)).mode & 0o777).toBe(0o700);

  chmodSync(dirname(path), 0o755);
  expect(() => socketPath(long, "db.sock")).toThrow("private directory");
});
