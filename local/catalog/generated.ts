import Papa from "papaparse";
import { between, pick, seeded } from "../../samples/seeded.ts";

const FIRST =
  `Amber Birch Cobalt Dune Elm Flint Granite Hazel Indigo Juniper Kelp Larch Maple Nettle Onyx Pebble
  Quartz Reed Sable Thistle Umber Violet Willow Yarrow Zinc`.split(/\s+/);
const SECOND =
  `Crest Harbour Meadow Ridge Hollow Shore Field Brook Summit Grove Lantern Mill Orchard Canyon Prairie
  Island Valley Quarry Forest Garden`.split(/\s+/);
const NOUNS =
  `Jacket Shirt Jumper Boot Hat Scarf Bag Mug Bowl Plate Kettle Pan Lamp Candle Blanket Cushion Chair
  Table Clock Shelf Tent Stove Flask Rope Torch Notebook Pen Soap Towel Basket`.split(/\s+/);
const CATEGORIES = Array.from({ length: 40 }, (_, at) => `${FIRST[at % 25]} ${NOUNS[at % 30]}s`);
const VENDORS = Array.from(
  { length: 60 },
  (_, at) => `${FIRST[at % 25]} & ${SECOND[(at * 7) % 20]}`,
);
const TAGS = Array.from({ length: 200 }, (_, at) => `${SECOND[at % 20]} ${at}`.toLowerCase());
const SIZES = ["S", "M", "L", "XL"];

export type Generated = {
  /** The products with numbers in [from, to). */
  from: number;
  to: number;
  seed: number;
  variants: number;
  /** The first so many products have stock; the others are shown as sold out. */
  stocked: number;
};

/**
 * A part of a catalogue for measurements, as CSV. A product follows from its number and the seed
 * alone, so a load that broke may be repeated and changes nothing that is there.
 */
export function generatedCsv({ from, to, seed, variants, stocked }: Generated): string {
  const rows = [];
  for (let number = from; number < to; number += 1) {
    const random = seeded(seed * 1_000_003 + number);
    const title = `${pick(random, FIRST)} ${pick(random, SECOND)} ${pick(random, NOUNS)} ${number}`;
    const handle = `g${seed}-${title.toLowerCase().replaceAll(" ", "-")}`;
    const price = between(random, 400, 40_000);
    const product = {
      Title: title,
      "Body (HTML)": `<p>${title}, made for measuring.</p>`,
      Vendor: pick(random, VENDORS),
      Type: pick(random, NOUNS),
      Collection: pick(random, CATEGORIES),
      Tags: [pick(random, TAGS), pick(random, TAGS), pick(random, TAGS)].join(", "),
    };
    for (let at = 0; at < variants; at += 1) {
      rows.push({
        Handle: handle,
        ...(at === 0 ? product : {}),
        "Option1 Name": at === 0 && variants > 1 ? "Size" : "",
        "Option1 Value": variants > 1 ? (SIZES[at] ?? `Size ${at + 1}`) : "",
        "Variant SKU": `G${seed}-${number}-${at + 1}`,
        "Variant Price": ((price + at * 100) / 100).toFixed(2),
        "Variant Compare At Price": number % 5 === 0 ? ((price * 1.3) / 100 + at).toFixed(2) : "",
        "Variant Inventory Qty": number < stocked ? between(random, 1, 500) : "",
      });
    }
  }
  return Papa.unparse(rows);
}
