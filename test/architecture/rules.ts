import { importFault, placeOf } from "./layers.ts";
import { type Module, parseModule } from "./modules.ts";

const LINES_MAX = 400;

/**
 * The rules of the shop: pure functions, whatever else stands in their folder. A file named here may
 * import shared, zod, models and other rules; it may not read a clock, a random number or a binding.
 */
export const PURE_RULES: ReadonlySet<string> = new Set([
  "src/cart/apply-offers.ts",
  "src/cart/lifetime.ts",
  "src/cart/missing-facts.ts",
  "src/cart/plan-change.ts",
  "src/cart/plan-merge.ts",
  "src/cart/price-cart.ts",
  "src/cart/totals.ts",
  "src/cart/without-bought.ts",
  "src/catalog/cursor.ts",
  "src/catalog/lookup-key.ts",
  "src/catalog/page-tags.ts",
  "src/catalog/price-cells.ts",
  "src/catalog/price-rules.ts",
  "src/catalog/purge-tags.ts",
  "src/catalog/shown-prices.ts",
  "src/catalog/import/columns.ts",
  "src/catalog/import/ids.ts",
  "src/catalog/import/rejections.ts",
  "src/catalog/import/slug.ts",
  "src/checkout/checkout-state.ts",
  "src/checkout/delivery/nearest.ts",
  "src/checkout/delivery/plan-shipments.ts",
  "src/checkout/delivery/price-shipments.ts",
  "src/checkout/hear-payment.ts",
  "src/checkout/quote.ts",
  "src/checkout/saga/attempt.ts",
  "src/checkout/price-lines.ts",
  "src/checkout/shipping-rates.ts",
  "src/checkout/shipping.ts",
  "src/checkout/tax-rates.ts",
  "src/checkout/tax.ts",
  "src/comms/markup.ts",
  "src/comms/notice.ts",
  "src/comms/order-mail.ts",
  "src/comms/order-push.ts",
  "src/comms/webhook-events.ts",
  "src/content/same-content.ts",
  "src/content/storable.ts",
  "src/content/tags.ts",
  "src/identity/email.ts",
  "src/identity/factors/totp.ts",
  "src/identity/oidc/who-signs-in.ts",
  "src/identity/passwords/common-passwords.ts",
  "src/identity/passwords/hash-cost.ts",
  "src/identity/sessions/judge-refresh.ts",
  "src/identity/step-up/recent-proof.ts",
  "src/identity/tokens/jwt-text.ts",
  "src/inventory/stock.ts",
  "src/operations/check-order.ts",
  "src/orders/erased-event.ts",
  "src/orders/order-number.ts",
  "src/orders/order-view.ts",
  "src/orders/plan-refund.ts",
  "src/orders/public-event.ts",
  "src/orders/shipments.ts",
  "src/orders/state.ts",
  "src/orders/transitions.ts",
  "src/orders/units.ts",
  "src/orders/voucher-share.ts",
  "src/payments/adyen-amount.ts",
  "src/payments/adyen-standing.ts",
  "src/platform/edge/facts.ts",
  "src/platform/limits/guess.ts",
  "src/platform/limits/policy.ts",
  "src/platform/webhooks/target.ts",
  "src/promotions/apply-promotions.ts",
  "src/promotions/apply-vouchers.ts",
  "src/promotions/discount.ts",
]);

/** Everything that is wrong with a set of files, as `path:line what`; paths are relative to the repository. */
export function violations(files: ReadonlyMap<string, string>): string[] {
  const modules = [...files]
    .filter(([path]) => path.endsWith(".ts"))
    .map(([path, text]) => parseModule(path, text));
  return [
    ...modules.flatMap(importViolations),
    ...modules.flatMap(ambientViolations),
    ...modules.flatMap(purityViolations),
    ...modules.flatMap(fileViolations),
    ...cycles(modules.flatMap(valueEdges), "modules import each other"),
    ...cycles(modules.flatMap(folderEdges), "folders import each other"),
    ...missingPages(files),
  ];
}

function importViolations(module: Module): string[] {
  return module.imports.flatMap((imported) => {
    const faults = [importFault(module, imported)];
    // Node runs these files as they are, so a specifier is the name of a file.
    if (imported.target !== undefined && !/\.(?:ts|mjs|json|txt)$/.test(imported.target)) {
      faults.push("a relative import names its file, ending in .ts");
    }
    return faults
      .filter((fault) => fault !== undefined)
      .map((fault) => `${module.path}:${imported.line} imports ${imported.specifier}: ${fault}`);
  });
}

/** Bindings are read where Workers are put together; clocks are handed in. */
function ambientViolations({ path, reads }: Module): string[] {
  const place = placeOf(path);
  if (place.layer !== "context" && place.layer !== "api") return [];
  const name = path.split("/").at(-1)!;
  // The platform alone calls an object's constructor and alarm: there is nobody else to hand it things.
  if (/^(?:[a-z-]+-)?object\.ts$/.test(name)) return [];
  return reads.flatMap(({ kind, line }) => {
    if (kind === "clock" && !name.endsWith("deps.ts")) {
      return [`${path}:${line} reads the clock: take a Clock or the time as an argument`];
    }
    if (kind === "binding" && name !== "stub.ts") {
      return [`${path}:${line} reads a binding: only workers, platform, objects and stub.ts do`];
    }
    return [];
  });
}

const IMPURE_NAMES = new Set(["systemClock", "newId", "randomSuffix"]);

function purityViolations({ path, imports, reads }: Module): string[] {
  if (!PURE_RULES.has(path)) return [];
  const impure = imports.filter(({ specifier, target, names, isTypeOnly }) => {
    if (isTypeOnly) return false;
    if (target === undefined) return specifier !== "zod";
    return names.some((name) => IMPURE_NAMES.has(name)) || !isPureTarget(path, target);
  });
  return [
    ...impure.map(({ line, specifier }) => `${path}:${line} is a rule but imports ${specifier}`),
    ...reads.map(({ line, kind }) => `${path}:${line} is a rule but reads ${kind}`),
  ];
}

const isPureTarget = (path: string, target: string) =>
  target.startsWith("src/shared/") ||
  target.endsWith("/model.ts") ||
  PURE_RULES.has(target) ||
  // Another context's constants and schemas come through its index.
  (target.endsWith("/index.ts") && target.split("/")[1] !== path.split("/")[1]);

const BANNED_NAMES = new Set(["utils.ts", "helpers.ts", "types.ts", "service.ts"]);

function fileViolations({ path, lineCount }: Module): string[] {
  const name = path.split("/").at(-1)!;
  const faults: string[] = [];
  if (lineCount > LINES_MAX) faults.push(`has ${lineCount} lines, more than ${LINES_MAX}`);
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*\.ts$/.test(name))
    faults.push("is not kebab-case");
  if (BANNED_NAMES.has(name)) faults.push("has a name that says nothing");
  return faults.map((fault) => `${path} ${fault}`);
}

type Edge = readonly [from: string, to: string];

const valueEdges = ({ path, imports }: Module): Edge[] =>
  imports.flatMap(({ target, isTypeOnly }) =>
    target === undefined || isTypeOnly ? [] : [[path, target]],
  );

/** Folders are the unit of design, so here a type counts as much as a value. */
const folderEdges = ({ path, imports }: Module): Edge[] =>
  imports.flatMap(({ target }) => {
    const [from, to] = [folderOf(path), target && folderOf(target)];
    return from && to && from !== to ? [[from, to]] : [];
  });

function folderOf(path: string): string | undefined {
  const place = placeOf(path);
  if (place.layer === "context") return `src/${place.folder}`;
  // A file that lies in platform itself is a folder of its own.
  return place.layer === "platform" ? `src/platform/${place.folder}` : undefined;
}

/** One finding per group of nodes that can all reach each other (Tarjan's components). */
function cycles(edges: readonly Edge[], what: string): string[] {
  const next = Map.groupBy(edges, ([from]) => from);
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const found: string[] = [];
  const visit = (node: string) => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    open.push(node);
    for (const [, to] of next.get(node) ?? []) {
      if (!index.has(to)) visit(to);
      if (open.includes(to)) low.set(node, Math.min(low.get(node)!, low.get(to)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = open.splice(open.indexOf(node));
    const importsItself = (next.get(node) ?? []).some(([, to]) => to === node);
    if (group.length > 1 || importsItself) found.push(`${what}: ${group.sort().join(", ")}`);
  };
  for (const node of next.keys()) if (!index.has(node)) visit(node);
  return found;
}

function missingPages(files: ReadonlyMap<string, string>): string[] {
  const contexts = new Set<string>();
  for (const path of files.keys()) {
    const place = placeOf(path);
    if (place.layer === "context" && path.endsWith(".ts")) contexts.add(place.folder);
  }
  return [...contexts]
    .map((context) => `src/${context}/README.md`)
    .filter((page) => !files.has(page))
    .map((page) => `${page} is missing: one page on what the context owns`);
}
