// Prices are infinitely many, tags have to be few: so a page that is ordered or filtered by price is
// tagged with the cells its stretch of prices lies in, and a price that changes purges the cells it
// leaves and enters. Cells have three sizes, that a stretch may be told exactly and yet in few: an
// octave (from a power of two to the next), an eighth of it, and an eighth of that.

const FIRST_OCTAVE = 6;
const LAST_OCTAVE = 27;
const PARTS = 8;
const SMALLEST_PER_OCTAVE = PARTS * PARTS;

/** What lies below the first octave and above the last is one cell each: few goods cost so little or so much. */
const FIRST_CELL = FIRST_OCTAVE * SMALLEST_PER_OCTAVE - 1;
const LAST_CELL = (LAST_OCTAVE + 1) * SMALLEST_PER_OCTAVE;

/** The cells of all sizes that a price in minor units lies in. */
export function cellsAt(priceMinor: number): readonly string[] {
  const cell = smallestAt(priceMinor);
  return SIZES.map((size) => nameOf(cell, size));
}

/** Cells that together hold every price of a stretch, both ends included; none for an empty one. */
export function cellsOf(fromMinor: number, toMinor: number): string[] {
  if (fromMinor > toMinor) return [];
  const last = smallestAt(toMinor);
  const cells: string[] = [];
  for (let cell = smallestAt(fromMinor); cell <= last; ) {
    const size = SIZES.find((each) => cell % each === 0 && cell + each - 1 <= last) ?? 1;
    cells.push(nameOf(cell, size));
    cell += size;
  }
  return cells;
}

const SIZES = [SMALLEST_PER_OCTAVE, PARTS, 1] as const;

const nameOf = (cell: number, size: number) => `${size}x${Math.floor(cell / size)}`;

function smallestAt(priceMinor: number): number {
  if (priceMinor < 2 ** FIRST_OCTAVE) return FIRST_CELL;
  if (priceMinor >= 2 ** (LAST_OCTAVE + 1)) return LAST_CELL;
  let octave = FIRST_OCTAVE;
  while (priceMinor >= 2 ** (octave + 1)) octave += 1;
  // Exact: whole numbers, multiplied and divided by powers of two.
  const part = Math.floor((priceMinor * SMALLEST_PER_OCTAVE) / 2 ** octave) - SMALLEST_PER_OCTAVE;
  return octave * SMALLEST_PER_OCTAVE + part;
}
