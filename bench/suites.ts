import type { Suite } from "./suite.ts";
import { measureCart } from "./suites/cart.ts";
import { measureCheckout } from "./suites/checkout.ts";
import { measureStock } from "./suites/stock.ts";

/** Which shop a suite wants, where there are several. */
type Catalogue = "each" | "smallest" | "largest";

export const SUITES: readonly { name: string; run: Suite; catalogue: Catalogue }[] = [
  { name: "cart", run: measureCart, catalogue: "smallest" },
  { name: "stock", run: measureStock, catalogue: "smallest" },
  { name: "checkout", run: measureCheckout, catalogue: "smallest" },
];
