import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { DEFAULT_PORTS } from "../../../local/stack/ports.ts";
import { localSecrets } from "../../../local/stack/secrets.ts";
import { varsFor, withOverrides } from "../../../local/stack/vars.ts";

function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-vars-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return dir;
}
const varsIn = (dir: string) =>
  varsFor(DEFAULT_PORTS, localSecrets(dir), { user: "shop", database: "shop" });

test("a directory keeps its secrets, to itself", ({ expect }) => {
  const dir = temporaryDir();
  const secrets = localSecrets(dir);
  expect(localSecrets(dir)).toEqual(secrets);
  expect(localSecrets(temporaryDir()).staffKey).not.toBe(secrets.staffKey);
  expect(statSync(join(dir, "secrets.json")).mode & 0o777).toBe(0o600);
});

test("the Workers learn the staff key's digest only", ({ expect }) => {
  const dir = temporaryDir();
  const { staffKey } = localSecrets(dir);
  const vars = varsIn(dir);
  const sha256 = createHash("sha256").update(staffKey).digest("hex");
  expect(JSON.parse(vars.STAFF_KEYS ?? "")).toEqual([{ id: "local", sha256, scopes: ["*"] }]);
  expect(JSON.stringify(vars)).not.toContain(staffKey);
});

test("the environment replaces a stand-in by name; other names and empty ones change nothing", ({
  expect,
}) => {
  const vars = varsIn(temporaryDir());
  const env = { MYSQL_URL: "https://user:pass@db.example", MAIL_URL: "", PATH: "/bin" };
  const merged = withOverrides(vars, env);
  expect(merged.names).toEqual(["MYSQL_URL"]);
  expect(merged.vars).toEqual({ ...vars, MYSQL_URL: "https://user:pass@db.example" });
});
