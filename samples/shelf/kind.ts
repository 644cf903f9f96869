import type { Motif } from "../motifs.ts";

/** A kind of thing the shop sells: each of its `names` becomes a product. */
export type Kind = {
  noun: string;
  collection: string;
  brand: string;
  motif: Motif;
  names: readonly [string, ...string[]];
  /** Whole dollars, lowest and highest. */
  price: readonly [number, number];
  grams: number;
  options: Partial<Record<"Size" | "Colour" | "Finish" | "Scent" | "Length", readonly string[]>>;
  tags: readonly string[];
  material: string;
  /** One sentence each: what it is, how it is made, when one is glad of it. */
  copy: readonly [string, string, string];
};

export const SIZES = ["XS", "S", "M", "L", "XL"];
export const EARTH = ["Moss", "Slate", "Rust"];
export const CALM = ["Oat", "Fern", "Dusk", "Ink"];
export const GLAZE = ["Chalk", "Tidewater", "Ember"];
export const FEET = ["39", "40", "41", "42", "43", "44"];
export const SCENTS = ["Cedar & Smoke", "Fig Leaf", "Sea Salt", "Wild Thyme"];
