import { ok } from "../../shared/result.ts";
import type { CsvRow } from "./csv.ts";
import { type Read, refuse } from "./rejections.ts";

/** Reads cells of a row by column name; a column the file does not have reads as blank. */
export type Columns = {
  text(row: CsvRow, column: string): string;
  /** Every non-blank cell under a column that the test accepts, with what the test made of its name. */
  named(row: CsvRow, key: (column: string) => string | undefined): [key: string, value: string][];
};

export function columnsOf(names: readonly string[]): Columns {
  const at = new Map(names.map((name, index) => [name, index]));
  const keys = new Map<unknown, [key: string, index: number][]>();
  return {
    text: (row, column) => row.cells[at.get(column) ?? -1]?.trim() ?? "",
    named(row, key) {
      let known = keys.get(key);
      if (!known) {
        known = names.flatMap((name, index) => {
          const made = key(name);
          return made ? [[made, index] as [string, number]] : [];
        });
        keys.set(key, known);
      }
      return known.flatMap(([made, index]) => {
        const value = row.cells[index]!.trim();
        return value === "" ? [] : [[made, value] as [string, string]];
      });
    },
  };
}

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  "1": true,
  false: false,
  no: false,
  "0": false,
};

export function readFlag(text: string, column: string, blank: boolean): Read<boolean> {
  if (text === "") return ok(blank);
  const flag = FLAGS[text.toLowerCase()];
  return flag === undefined ? refuse("flag_invalid", `${column} must be true or false`) : ok(flag);
}

const GRAMS_PER: Readonly<Record<string, number>> = {
  g: 1,
  kg: 1000,
  lb: 453.59237,
  oz: 28.349523125,
};
const GRAMS_MAX = 100_000_000;

/** `Variant Grams` wins; `Variant Weight` in the unit beside it is the other spelling. Blank is 0. */
export function readGrams(columns: Columns, row: CsvRow): Read<number> {
  const grams = columns.text(row, "Variant Grams");
  const weight = columns.text(row, "Variant Weight");
  const unit = columns.text(row, "Variant Weight Unit").toLowerCase() || "kg";
  const [text, factor] = grams === "" ? [weight, GRAMS_PER[unit]] : [grams, 1];
  if (text === "") return ok(0);
  if (factor === undefined) return refuse("weight_invalid", "the unit must be g, kg, lb or oz");
  if (!/^\d{1,9}(?:\.\d{1,6})?$/.test(text)) {
    return refuse("weight_invalid", "the weight must be a number that is not negative");
  }
  const rounded = Math.round(Number(text) * factor);
  return rounded <= GRAMS_MAX ? ok(rounded) : refuse("weight_invalid", "the weight is too large");
}

/** Keys of free-form attributes: Google's columns, and metafields by the name the merchant gave them. */
export function attributeKey(column: string): string | undefined {
  const metafield = /\(product\.metafields\.[\w-]+\.([\w-]+)\)$/.exec(column)?.[1];
  const google = /^Google Shopping \/ (.+)$/.exec(column)?.[1];
  const name = metafield ?? google;
  if (name === undefined) return undefined;
  const [first = "", ...others] = name.split(/[^A-Za-z0-9]+/).filter(Boolean);
  const head = /^[A-Z0-9]+$/.test(first)
    ? first.toLowerCase()
    : first[0]?.toLowerCase() + first.slice(1);
  return head + others.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("");
}
