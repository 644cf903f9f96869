import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { ITEMS } from "./items.ts";

const ROOT = join(import.meta.dirname, "../..");
const STATES = ["covered", "n/a", "left"];

type Row = { number: number; what: string; state: string; where: string };

const rows = readFileSync(join(import.meta.dirname, "README.md"), "utf8")
  .split("\n")
  .map((line) => /^\| (\d+) \| (.+?) \| (\S+) \| (.+) \|$/.exec(line))
  .filter((match) => match !== null)
  .map(
    ([, number, what, state, where]): Row => ({
      number: Number(number),
      what: what!,
      state: state!,
      where: where!,
    }),
  );

const filesOf = ({ where }: Row) =>
  [...where.matchAll(/`([^`]+)`/g)].map(([, file]) => `test/${file}`);

/** Whether a test, or a group of tests, is called by the number. */
const names = (file: string, number: number) =>
  new RegExp(`["'\`]${number}(?: ·|:) `).test(readFileSync(join(ROOT, file), "utf8"));

describe("the table of the security list", () => {
  it("has one row for each number from 1 to 78, in order, and says what it is about", ({
    expect,
  }) => {
    const numbers = Array.from({ length: 78 }, (_, at) => at + 1);
    expect(Object.keys(ITEMS).map(Number)).toEqual(numbers);
    expect(rows.map(({ number }) => number)).toEqual(numbers);
    expect(rows.map(({ what }) => what)).toEqual(numbers.map((number) => ITEMS[number]));
  });

  it("names for what is covered the files whose tests carry the number", ({ expect }) => {
    const covered = rows.filter(({ state }) => state === "covered");
    const wrong = covered.filter((row) => {
      const files = filesOf(row);
      return (
        files.length === 0 ||
        !files.every((file) => existsSync(join(ROOT, file)) && names(file, row.number))
      );
    });
    expect(wrong).toEqual([]);
    expect(covered.length).toBeGreaterThan(70);
  });

  it("says why for the rest", ({ expect }) => {
    expect(rows.filter(({ state }) => !STATES.includes(state))).toEqual([]);
    const silent = rows.filter(
      ({ state, where }) => state !== "covered" && where.split(" ").length < 5,
    );
    expect(silent).toEqual([]);
  });
});
