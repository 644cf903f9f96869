import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Papa from "papaparse";
import { artwork } from "./artwork.ts";
import { between, pick, seeded } from "./seeded.ts";
import { APPAREL } from "./shelf/apparel.ts";
import type { Kind } from "./shelf/kind.ts";
import { KITCHEN } from "./shelf/kitchen.ts";
import { OUTDOORS } from "./shelf/outdoors.ts";
import { ROOMS } from "./shelf/rooms.ts";

// Writes samples/catalog.csv and samples/images/*.svg. The same run gives the same bytes everywhere.

const HUES: Readonly<Record<string, number>> = {
  Moss: 96,
  Slate: 212,
  Rust: 14,
  Oat: 38,
  Fern: 130,
  Dusk: 258,
  Ink: 224,
  Chalk: 44,
  Tidewater: 188,
  Ember: 8,
  Ash: 34,
  Walnut: 22,
  Oak: 30,
  Brushed: 205,
  "Enamel cream": 46,
  "Enamel green": 140,
};
const VARIANT_IMAGES_MAX = 2;

type Row = Record<string, string | number>;
const folder = join(import.meta.dirname, "images");

function main(): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const shelf = [...OUTDOORS, ...APPAREL, ...KITCHEN, ...ROOMS];
  const rows = shelf.flatMap((kind) =>
    kind.names.flatMap((name) => product(kind, name, seeded(seedOf(`${name} ${kind.noun}`)))),
  );
  const fields = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const text = Papa.unparse({ fields, data: rows }, { newline: "\n" });
  writeFileSync(join(import.meta.dirname, "catalog.csv"), `${text}\n`);
  const products = new Set(rows.map((row) => row.Handle)).size;
  console.log(`${products} products in ${rows.length} rows`);
}

/** A product's own seed: adding another to the shelf leaves this one as it is. */
const seedOf = (title: string): number =>
  createHash("sha256").update(title).digest().readUInt32LE(0);

function product(kind: Kind, name: string, random: () => number): Row[] {
  const title = `${name} ${kind.noun}`;
  const handle = slug(title);
  const base = between(random, ...kind.price);
  const onSale = random() < 0.22;
  const variants = combinations(Object.entries(kind.options));
  const images = paint(kind, title, handle, variants, random);
  // A larger tent costs more; a larger shirt or boot does not.
  const isWorn = kind.collection === "Apparel" || kind.motif === "boot";
  const step = "Size" in kind.options && !isWorn ? Math.ceil(base * 0.18) : 0;
  const sizes = kind.options.Size ?? [];
  return variants.map((values, at) => {
    const size = Math.max(
      0,
      sizes.findIndex((value) => Object.values(values).includes(value)),
    );
    const price = base + step * size;
    const soldOut = random() < 0.12;
    const options = Object.entries(values).flatMap(([option, value], number) => [
      [`Option${number + 1} Name`, at === 0 ? option : ""],
      [`Option${number + 1} Value`, value],
    ]);
    return {
      Handle: handle,
      ...(at === 0 ? head(kind, title, random) : {}),
      ...Object.fromEntries(options),
      "Variant SKU": sku(kind, name, at),
      "Variant Grams": Math.round(kind.grams * (1 + (isWorn ? 0.03 : 0.25) * size)),
      "Variant Inventory Tracker": "shopify",
      "Variant Inventory Qty": soldOut ? 0 : between(random, 4, 120),
      "Variant Inventory Policy": soldOut && random() < 0.35 ? "continue" : "deny",
      "Variant Fulfillment Service": "manual",
      "Variant Price": `${price}.00`,
      "Variant Compare At Price": onSale ? `${Math.ceil(price * 1.25)}.00` : "",
      "Variant Requires Shipping": "true",
      "Variant Taxable": "true",
      "Image Src": images[at] ? `/media/${images[at].file}` : "",
      "Image Position": images[at] ? at + 1 : "",
      "Image Alt Text": images[at]?.alt ?? "",
      "Variant Image": imageOf(values, images),
      "Variant Weight Unit": "g",
      ...(at === 0 ? { "Gift Card": "false", Status: "active" } : {}),
    };
  });
}

function head(kind: Kind, title: string, random: () => number): Row {
  const [what, how, when] = kind.copy;
  return {
    Title: title,
    "Body (HTML)": `<p>${what}</p><p>${how} ${when}</p><ul><li>${kind.material}</li><li>Made in small runs</li></ul>`,
    Vendor: kind.brand,
    Type: kind.noun,
    Collection: kind.collection,
    Tags: [...kind.tags, ...(random() < 0.15 ? ["new"] : [])].join(", "),
    Published: "true",
    "SEO Title": `${title} | Fernhill Supply`,
    "SEO Description": what,
    "Google Shopping / Condition": "new",
    "Material (product.metafields.custom.material)": kind.material,
  };
}

type Values = Record<string, string>;

/** Every choice of one value per option, the first option changing slowest. */
const combinations = (options: [string, readonly string[] | undefined][]): Values[] =>
  options.reduce<Values[]>(
    (made, [name, values = []]) =>
      made.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );

type Painted = { file: string; alt: string; look: string };

/** One image per product, and a second where colours or finishes give another look. */
function paint(
  kind: Kind,
  title: string,
  handle: string,
  variants: Values[],
  random: () => number,
) {
  const looks = [...new Set(variants.map(lookOf))].slice(0, VARIANT_IMAGES_MAX);
  const anyHue = pick(random, [12, 32, 88, 140, 186, 214, 262, 340]);
  return looks.map((look): Painted => {
    const alt = look ? `${title} in ${look.toLowerCase()}` : title;
    const svg = artwork(kind.motif, HUES[look] ?? anyHue, alt, random);
    // Names of images are for ever, so a changed drawing needs a changed name.
    const print = createHash("sha256").update(svg).digest("hex").slice(0, 8);
    const file = `${[handle, slug(look), print].filter(Boolean).join("-")}.svg`;
    writeFileSync(join(folder, file), svg);
    return { file, alt, look };
  });
}

const lookOf = ({ Colour = "", Finish = "" }: Values) => Colour || Finish;

function imageOf(values: Values, images: readonly Painted[]): string {
  const image = images.find(({ look }) => look !== "" && look === lookOf(values));
  return image ? `/media/${image.file}` : "";
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

/** "KH-STM-PEBBLE-03": the brand, the kind, the name, the variant. */
function sku({ brand, noun }: Kind, name: string, at: number): string {
  const letters = (text: string) => text.replaceAll(/[^A-Za-z ]/g, "").toUpperCase();
  const initials = letters(brand)
    .split(" ")
    .map((word) => word[0])
    .join("")
    .slice(0, 2);
  const kind = letters(noun)
    .split(" ")
    .map((word) => word.slice(0, 2))
    .join("");
  return `${initials}-${kind}-${letters(name).replaceAll(" ", "")}-${String(at + 1).padStart(2, "0")}`;
}

main();
