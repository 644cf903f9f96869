import type { Spread } from "./measure/spread.ts";

type Bar = { label: string; ratio: Spread };

const WIDTH = 760;
const LABELS = 300;
const LINE = 24;
const TOP = 34;
/** Room for the figure behind the longest bar. */
const MARGIN = 44;

/**
 * All ratios of a run as one picture: a bar to the median, a line from the least to the greatest pair.
 * 1.0 is the peer that has nothing else to do.
 */
export function plotRatios(figures: object): string {
  const bars = ratiosIn(figures);
  const height = TOP + bars.length * LINE + 12;
  const most = Math.max(1, ...bars.map(({ ratio }) => ratio.max));
  const at = (ratio: number) => LABELS + ((WIDTH - LABELS - MARGIN) * ratio) / most;
  const even = round(at(1));
  const lines = bars.map(({ label, ratio: { median, min, max } }, row) => {
    const y = TOP + row * LINE;
    const middle = y + 8;
    return `  <text x="${LABELS - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>
  <rect x="${LABELS}" y="${y}" width="${round(at(median) - LABELS)}" height="16" fill="#3b7d6e"/>
  <path d="M${round(at(min))} ${middle}H${round(at(max))}" stroke="#1d2b28" stroke-width="2"/>
  <text x="${round(at(Math.max(median, max)) + 6)}" y="${y + 12}">${median.toFixed(2)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="12" role="img" aria-label="Ratios to a bare Worker">
  <rect width="100%" height="100%" fill="#fff"/>
  <text x="${even}" y="16" text-anchor="middle">1.0 = the bare peer</text>
  <path d="M${even} 22V${height - 6}" stroke="#999" stroke-dasharray="4 3"/>
${lines.join("\n")}
</svg>
`;
}

/** Every comparison in the figures, named by its path in them. */
function ratiosIn(figures: object, path: string[] = []): Bar[] {
  return Object.entries(figures).flatMap(([name, value]) => {
    if (value === null || typeof value !== "object") return [];
    const here = [...path, name];
    const { ratio } = value as { ratio?: Spread };
    return ratio ? [{ label: here.join(" · "), ratio }] : ratiosIn(value, here);
  });
}

const round = (value: number) => Math.round(value * 10) / 10;
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
