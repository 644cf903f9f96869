// Prices are infinitely many, tags have to be few: so a page that is ordered or filtered by price is
// tagged with the cells its stretch of prices lies in, and a price that changes purges the cells it
// leaves and enters. Cells have two sizes, that a wide stretch may be told in few: an octave (from a
// power of two to the next), and a sixteenth of one.

const FIRST_OCTAVE = 6;
const LAST_OCTAVE = 27;
const PARTS = 16;

/** Both cells of a price in minor units, the octave first. */
export function cellsAt(priceMinor: number): readonly [string, string] {
  const { octave, part } = place(priceMinor);
  return [octaveName(octave), partName(octave, part)];
}

/** Cells that together hold every price of a stretch, both ends included; none for an empty one. */
export function cellsOf(fromMinor: number, toMinor: number): string[] {
  if (fromMinor > toMinor) return [];
  const from = place(fromMinor);
  const to = place(toMinor);
  const cells: string[] = [];
  for (let octave = from.octave; octave <= to.octave; octave += 1) {
    const first = octave === from.octave ? from.part : 0;
    const last = octave === to.octave ? to.part : lastPart(octave);
    if (first === 0 && last === lastPart(octave)) {
      cells.push(octaveName(octave));
      continue;
    }
    for (let part = first; part <= last; part += 1) cells.push(partName(octave, part));
  }
  return cells;
}

const octaveName = (octave: number) => `${octave}`;
const partName = (octave: number, part: number) => `${octave}-${part}`;

/** What lies below the first octave and above the last is one cell each: few goods cost so little or so much. */
const lastPart = (octave: number) =>
  octave < FIRST_OCTAVE || octave > LAST_OCTAVE ? 0 : PARTS - 1;

function place(priceMinor: number): { octave: number; part: number } {
  if (priceMinor < 2 ** FIRST_OCTAVE) return { octave: FIRST_OCTAVE - 1, part: 0 };
  if (priceMinor >= 2 ** (LAST_OCTAVE + 1)) return { octave: LAST_OCTAVE + 1, part: 0 };
  let octave = FIRST_OCTAVE;
  while (priceMinor >= 2 ** (octave + 1)) octave += 1;
  return { octave, part: Math.floor((priceMinor * PARTS) / 2 ** octave) - PARTS };
}
