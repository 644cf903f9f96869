import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { Journal } from "../../local/journal.ts";

function temporaryFile(): string {
  const dir = mkdtempSync(join(tmpdir(), "frontage-journal-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  return join(dir, "records.jsonl");
}

test("records come back in order, from another reader too", ({ expect }) => {
  const file = temporaryFile();
  const journal = new Journal<{ n: number; text: string }>(file);
  journal.append({ n: 1, text: "line\nbreak" });
  journal.append({ n: 2, text: "ü" });

  expect(new Journal(file).load()).toEqual([
    { n: 1, text: "line\nbreak" },
    { n: 2, text: "ü" },
  ]);
});

test("a line cut off by a crash is dropped, and the next append is whole", ({ expect }) => {
  const file = temporaryFile();
  const journal = new Journal<{ n: number }>(file);
  journal.append({ n: 1 });
  appendFileSync(file, '{"n":');

  const reopened = new Journal<{ n: number }>(file);
  expect(reopened.load()).toEqual([{ n: 1 }]);
  reopened.append({ n: 2 });
  expect(reopened.load()).toEqual([{ n: 1 }, { n: 2 }]);
  expect(readFileSync(file, "utf8")).toBe('{"n":1}\n{"n":2}\n');
});

test("damage in the middle is an error, never skipped", ({ expect }) => {
  const file = temporaryFile();
  new Journal(file);
  appendFileSync(file, '{"n":1}\nnot json\n{"n":3}\n');

  expect(() => new Journal(file).load()).toThrow(SyntaxError);
});
