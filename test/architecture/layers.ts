import type { Module, ModuleImport } from "./modules.ts";

/** Each context with its height: it may import the `index.ts` of contexts that stand lower. */
const CONTEXT_HEIGHTS: Readonly<Record<string, number>> = {
  catalog: 0,
  identity: 0,
  content: 0,
  payments: 0,
  promotions: 1,
  inventory: 1,
  search: 1,
  recommendations: 1,
  cart: 2,
  orders: 2,
  checkout: 3,
  account: 4,
  agents: 4,
  // They read events of all others; standing on top, no context can import them.
  comms: 5,
  operations: 5,
};

/** WebCrypto has no hash that is hard on memory. */
const NATIVE_AT_THE_EDGE: ReadonlySet<string> = new Set(["node:crypto"]);

type Place =
  | { layer: "shared" | "api" | "client" | "outside" }
  | { layer: "platform"; folder: string }
  | { layer: "context"; folder: string }
  | { layer: "worker"; folder: string }
  | { layer: "unknown" };

export function placeOf(path: string): Place {
  const [top, second = "", third] = path.split("/");
  if (top === "workers") return { layer: "worker", folder: second };
  if (top !== "src") return { layer: "outside" };
  if (second === "api.ts") return { layer: "api" };
  if (second === "client.ts" || second === "client") return { layer: "client" };
  if (second === "shared") return { layer: "shared" };
  if (second === "platform") return { layer: "platform", folder: third ?? "" };
  return second in CONTEXT_HEIGHTS ? { layer: "context", folder: second } : { layer: "unknown" };
}

/** What is wrong with one import, or undefined. DESIGN §2, one case per layer. */
export function importFault(module: Module, imported: ModuleImport): string | undefined {
  const { target, specifier } = imported;
  const from = placeOf(module.path);
  if (target === undefined) return vendorFault(from, specifier, imported.isTypeOnly);
  const to = placeOf(target);
  if (to.layer === "worker" && !(from.layer === "worker" && from.folder === to.folder)) {
    // A test of a Worker has to import it.
    return module.path.startsWith("test/") ? undefined : "nobody imports workers/";
  }
  switch (from.layer) {
    case "shared":
      return to.layer === "shared" ? undefined : "shared imports nothing but zod";
    case "platform":
      return to.layer === "shared" || to.layer === "platform"
        ? undefined
        : "platform imports only shared";
    case "context":
      return contextFault(from.folder, target);
    case "client":
      return imported.isTypeOnly || to.layer === "client"
        ? undefined
        : "the client imports only types from the server";
    case "api":
      return to.layer === "outside" ? "src imports only src" : undefined;
    case "unknown":
      return "is in no folder that DESIGN §2 names";
    case "worker":
    case "outside":
      return undefined;
  }
}

function vendorFault(from: Place, specifier: string, isTypeOnly: boolean): string | undefined {
  if (from.layer === "shared" && specifier !== "zod") return "shared imports nothing but zod";
  if (from.layer === "client" && !isTypeOnly && specifier !== "hono/client") {
    return "the client depends on nothing but hono/client";
  }
  const isNode = specifier.startsWith("node:");
  const runsAtTheEdge = from.layer !== "outside" && from.layer !== "unknown";
  return isNode && runsAtTheEdge && !NATIVE_AT_THE_EDGE.has(specifier)
    ? "Workers do without Node's modules"
    : undefined;
}

function contextFault(context: string, target: string): string | undefined {
  const to = placeOf(target);
  if (to.layer === "shared" || to.layer === "platform") return undefined;
  if (to.layer !== "context") return "a context imports shared, platform and contexts below it";
  if (to.folder === context) return undefined;
  if (CONTEXT_HEIGHTS[to.folder]! >= CONTEXT_HEIGHTS[context]!) {
    return `${to.folder} is not below ${context}`;
  }
  return target === `src/${to.folder}/index.ts`
    ? undefined
    : `only index.ts of ${to.folder} may be imported`;
}
