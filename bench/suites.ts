import type { Suite } from "./suite.ts";
import { measureCart } from "./suites/cart.ts";
import { measureCheckout } from "./suites/checkout.ts";
import { measureDatabase } from "./suites/database.ts";
import { measureFlashSale } from "./suites/flash-sale.ts";
import { measureIdentity } from "./suites/identity.ts";
import { measurePages } from "./suites/pages.ts";
import { measurePurge } from "./suites/purge.ts";
import { measureStock } from "./suites/stock.ts";

/** Which shop a suite wants, where there are several. */
type Catalogue = "each" | "smallest" | "largest";

export const SUITES: readonly { name: string; run: Suite; catalogue: Catalogue }[] = [
  { name: "pages", run: measurePages, catalogue: "each" },
  { name: "database", run: measureDatabase, catalogue: "smallest" },
  { name: "purge", run: measurePurge, catalogue: "largest" },
  { name: "flash-sale", run: measureFlashSale, catalogue: "largest" },
  { name: "cart", run: measureCart, catalogue: "smallest" },
  { name: "stock", run: measureStock, catalogue: "smallest" },
  { name: "checkout", run: measureCheckout, catalogue: "smallest" },
  { name: "identity", run: measureIdentity, catalogue: "smallest" },
];
