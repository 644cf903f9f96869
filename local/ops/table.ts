type Cell = string | number | null | undefined;

/** Columns as wide as they need to be; numbers stand right, so that their digits line up. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isNumber = head.map((_, at) => rows.every((row) => typeof row[at] === "number"));
  const texts = [head, ...rows.map((row) => row.map(cellText))];
  const widths = head.map((_, at) => Math.max(...texts.map((row) => row[at]?.length ?? 0)));
  const pad = (text: string, at: number) =>
    rows.length > 0 && isNumber[at] ? text.padStart(widths[at]!) : text.padEnd(widths[at]!);
  return texts.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}

/** Names and their values, one to a line. */
export function facts(pairs: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${cellText(value)}`).join("\n");
}

// An answer may hold what a shopper typed; a terminal obeys escape sequences.
const cellText = (cell: Cell): string =>
  cell === null || cell === undefined ? "-" : String(cell).replace(/\p{Cc}/gu, "·");
