import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { loadSample } from "../../local/start/load-sample.ts";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";

// Never the synchronous form: the stand-ins live in this process and must go on answering.
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, "../..");
let shop: TestShop;
let scratch: string;
beforeAll(async () => {
  shop = await startTestShop();
  await loadSample(shop);
  // A reader stands in the checkout, where `.local/ports.json` says where the shop is.
  scratch = mkdtempSync(join(tmpdir(), "frontage-readme-"));
  mkdirSync(join(scratch, ".local"));
  copyFileSync(join(shop.dir, "ports.json"), join(scratch, ".local/ports.json"));
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await shop?.stop();
});

describe("the README's tour", () => {
  it("works as printed, to a mail in the sink", async ({ expect }) => {
    const blocks = readFileSync(join(ROOT, "README.md"), "utf8").matchAll(/```sh tour\n(.*?)```/gs);
    const script = [...blocks].map(([, block]) => block).join("\necho\n");
    expect(script).toContain("processorder");
    const here = script.replace("http://127.0.0.1:8787", shop.apiUrl);
    const { stdout: printed } = await run("bash", ["-euo", "pipefail", "-c", here], {
      cwd: scratch,
      env: { ...process.env, PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}` },
    });
    expect(printed).toContain("Made for weather");
    expect(printed).toContain("low-tide-stoneware-mug");
    expect(printed).toContain("order.placed.v1");
    expect(printed).toContain('"claimed":["ord_');
    expect(printed).not.toContain("/problems/");
    const mails = await eventually(
      () => shop.mails("ada@example.com"),
      (sent) => sent.length > 0,
    );
    expect(mails[0]!.subject).toContain("order");
  });

  it("works through the typed client, as its only way in", async ({ expect }) => {
    const tour = join(ROOT, "samples/tour.ts");
    const { stdout: printed } = await run(process.execPath, [tour], { cwd: scratch });
    expect(printed).toMatch(/order: F-/);
    expect(printed).toMatch(/status: (placed|paid)/);
    expect(printed).toContain("signed-in with 1 order taken over of 1");
  });

  it("names only commands and pages that exist", ({ expect }) => {
    const readme = readFileSync(join(ROOT, "README.md"), "utf8");
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const named = [...readme.matchAll(/`npm (?:run (?:-s )?)?([a-z-]+)/g)].map(([, name]) => name!);
    for (const name of named) expect(Object.keys(scripts), name).toContain(name);
    for (const [, path] of readme.matchAll(/\]\(([^)#]+)\)/g)) {
      expect(() => readFileSync(join(ROOT, path!)), path).not.toThrow();
    }
  });
});
