import Papa from "papaparse";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Rejection } from "./rejections.ts";

/** One record. `row` counts records as a spreadsheet does: the header is 1, a blank line counts. */
export type CsvRow = { row: number; cells: readonly string[] };
export type CsvFile = { columns: readonly string[]; rows: CsvRow[]; rejected: Rejection[] };
/** What is wrong with the file as a whole: nothing of it can be used. */
export type CsvError = {
  code: "encoding" | "empty" | "header" | "column_missing" | "column_duplicate" | "too_many_rows";
  message: string;
};

const ROWS_MAX = 20_000;
/** Each broken quote costs another pass over the rest of the file. */
const BROKEN_MAX = 20;
const REQUIRED = ["Handle", "Title", "Variant Price"] as const;

/** UTF-8 with or without a byte order mark. Anything else is refused rather than stored as mojibake. */
export function decodeCsv(bytes: ArrayBuffer | Uint8Array): Result<string, CsvError> {
  try {
    return ok(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    return err({ code: "encoding", message: "the file is not UTF-8; save it as UTF-8 CSV" });
  }
}

/**
 * Reads comma-separated text (RFC 4180, any line ends). A record whose quotes are broken costs its
 * first line alone: reading resumes at the next line, so that one stray quote cannot swallow the rest.
 */
export function readCsv(source: string, rowsMax = ROWS_MAX): Result<CsvFile, CsvError> {
  // Marks also stand inside files that were joined; the parser drops one silently and miscounts.
  const text = source.replaceAll("\uFEFF", "").replaceAll(/\r\n?/g, "\n");
  if (text.trim() === "") return err({ code: "empty", message: "the file is empty" });
  const head = parse(text, 1);
  const columns = (head.data[0] ?? []).map((name) => name.trim());
  if (head.errors.length > 0) return err({ code: "header", message: "the header cannot be read" });
  const wrong = wrongColumns(columns);
  if (wrong) return err(wrong);

  const { rows, rejected } = readRows(text.slice(headLength(text)), columns.length);
  if (rows.length + rejected.length > rowsMax) {
    const message = `the file has more than ${rowsMax} rows; split it by product`;
    return err({ code: "too_many_rows", message });
  }
  return ok({ columns, rows, rejected });
}

function wrongColumns(columns: readonly string[]): CsvError | undefined {
  const missing = REQUIRED.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const message = `the first row must name the columns; missing: ${missing.join(", ")}`;
    return { code: "column_missing", message };
  }
  const twice = columns.find((name, at) => name !== "" && columns.indexOf(name) !== at);
  if (twice === undefined) return undefined;
  return { code: "column_duplicate", message: `the column ${twice} stands twice` };
}

function readRows(body: string, width: number): Pick<CsvFile, "rows" | "rejected"> {
  const rows: CsvRow[] = [];
  const rejected: Rejection[] = [];
  let rest = body;
  let row = 2;
  for (let broken = 0; rest !== ""; broken += 1) {
    const { data, errors } = parse(rest);
    const stop = errors.find((error) => error.type === "Quotes")?.row ?? data.length;
    for (const cells of data.slice(0, stop)) keep(cells, row++);
    if (stop === data.length) break;

    const start = stop === 0 ? 0 : parse(rest, stop).meta.cursor;
    const lineEnd = rest.indexOf("\n", start);
    const last = broken === BROKEN_MAX;
    const message = last
      ? "too many broken quotes: this row and all below it were not read"
      : "a quote is not closed, or text follows a closing quote";
    rejected.push({ row: row++, code: "quotes_broken", message });
    rest = lineEnd === -1 || last ? "" : rest.slice(lineEnd + 1);
  }
  return { rows, rejected };

  function keep(cells: readonly string[], at: number): void {
    if (cells.every((cell) => cell.trim() === "")) return; // A blank line, or a spreadsheet's empty row.
    if (cells.length === width) rows.push({ row: at, cells });
    else {
      const message = `the row has ${cells.length} fields, the header ${width}`;
      rejected.push({ row: at, code: "field_count", message });
    }
  }
}

/** Not in the parser's fast mode: there its cursor stands a row too far after a preview. */
const parse = (text: string, preview = 0) =>
  Papa.parse<string[]>(text, { delimiter: ",", newline: "\n", preview, fastMode: false });

/** A quoted column name may hold a line end, so the header's length is the parser's to say. */
const headLength = (text: string) => parse(text, 1).meta.cursor;
