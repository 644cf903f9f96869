import { MOTIFS, type Motif } from "./motifs.ts";
import { between, pick } from "./seeded.ts";

const GROUNDS = [
  ["#f3ece0", "#e2d3bd"],
  ["#e6eef0", "#c6d8dc"],
  ["#eef1e4", "#d3ddbf"],
  ["#f6e7e0", "#e8c9bb"],
  ["#ebe8f3", "#cfc9e2"],
  ["#fbf1d9", "#efdcaa"],
  ["#e3ece6", "#bfd3c6"],
] as const;

/** Paints a product: a ground, a light, a pattern, a shadow, and the motif in tones of one hue. */
export function artwork(motif: Motif, hue: number, title: string, random: () => number): string {
  const [top, bottom] = pick(random, GROUNDS);
  const warmth = between(random, -6, 6);
  const tones = {
    deep: `hsl(${hue} ${between(random, 30, 40)}% ${27 + warmth / 3}%)`,
    main: `hsl(${hue} ${between(random, 34, 48)}% ${46 + warmth / 2}%)`,
    light: `hsl(${(hue + 14) % 360} ${between(random, 40, 56)}% ${78 + warmth / 2}%)`,
  };
  const sunX = between(random, 70, 330);
  const sunY = between(random, 70, 150);
  const turn = between(random, -4, 4);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" role="img" aria-label="${escapeXml(title)}">`,
    `<defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient></defs>`,
    `<rect width="400" height="400" fill="url(#g)"/>`,
    `<circle cx="${sunX}" cy="${sunY}" r="${between(random, 40, 90)}" fill="#fff" opacity=".45"/>`,
    pattern(random, tones.light),
    `<ellipse cx="200" cy="318" rx="${between(random, 120, 150)}" ry="16" fill="${tones.deep}" opacity=".18"/>`,
    `<g transform="rotate(${turn} 200 220)">${MOTIFS[motif](tones)}</g>`,
    "</svg>\n",
  ].join("");
}

/** Hills, dots or waves behind the product, faint. */
function pattern(random: () => number, color: string): string {
  const at = () => between(random, 20, 380);
  switch (between(random, 0, 2)) {
    case 0: {
      const peak = between(random, 190, 250);
      return `<path d="M0 ${peak + 70}Q100 ${peak} 210 ${peak + 60}T400 ${peak + 20}V400H0Z" fill="${color}" opacity=".5"/>`;
    }
    case 1: {
      const dots = Array.from({ length: 9 }, () => {
        return `<circle cx="${at()}" cy="${at()}" r="${between(random, 4, 12)}"/>`;
      });
      return `<g fill="${color}" opacity=".6">${dots.join("")}</g>`;
    }
    default: {
      const waves = [250, 280, 310, 340].map((y) => `M0 ${y}q50-22 100 0t100 0 100 0 100 0`);
      return `<path d="${waves.join("")}" fill="none" stroke="${color}" stroke-width="7" opacity=".6"/>`;
    }
  }
}

const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
