import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { PURE_RULES, violations } from "./rules.ts";

const ROOT = join(import.meta.dirname, "../..");

function repository(): Map<string, string> {
  const paths = globSync(["{src,workers,local,test,bench}/**/*.ts", "src/*/README.md"], {
    cwd: ROOT,
  });
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
}

describe("this repository", () => {
  const files = repository();

  it("keeps the rules of its layers", ({ expect }) => {
    expect(files.size).toBeGreaterThan(100);
    expect(violations(files)).toEqual([]);
  });

  it("names only rules that exist", ({ expect }) => {
    expect([...PURE_RULES].filter((path) => !files.has(path))).toEqual([]);
  });
});

/** Violations of made-up files, without the pages that every context must have. */
const faultsOf = (files: Record<string, string>) =>
  violations(new Map(Object.entries(files))).filter((fault) => !fault.includes("README.md"));

const refused: [what: string, path: string, text: string][] = [
  ["shared importing platform", "src/shared/money.ts", `import "../platform/io/io.ts";`],
  ["shared importing a vendor", "src/shared/money.ts", `import { sql } from "drizzle-orm";`],
  ["platform importing a context", "src/platform/io/io.ts", `import "../../cart/index.ts";`],
  ["a context importing one beside it", "src/cart/a.ts", `import "../orders/index.ts";`],
  ["a context importing one above it", "src/catalog/a.ts", `import "../cart/index.ts";`],
  ["a context importing comms", "src/checkout/a.ts", `import "../comms/index.ts";`],
  ["a type from above", "src/catalog/a.ts", `import type { Cart } from "../cart/index.ts";`],
  ["a file behind an index", "src/cart/a.ts", `import { x } from "../catalog/store.ts";`],
  ["a re-export from behind an index", "src/cart/a.ts", `export * from "../catalog/store.ts";`],
  ["a lazy import", "src/cart/a.ts", `const x = await import("../checkout/index.ts");`],
  ["a type imported in place", "src/cart/a.ts", `type X = import("../checkout/index.ts").X;`],
  [
    "an import over several lines",
    "src/cart/a.ts",
    `import {\n  one,\n  two,\n} from\n  "../checkout/index.ts";`,
  ],
  ["a context importing the composition", "src/cart/a.ts", `import type { Api } from "../api.ts";`],
  ["src importing a Worker", "src/cart/a.ts", `import "../../workers/orders/index.ts";`],
  ["src importing local", "src/cart/a.ts", `import "../../local/stack.ts";`],
  ["local importing a Worker", "local/a.ts", `import "../workers/orders/index.ts";`],
  ["a Worker importing another", "workers/comms/a.ts", `import "../orders/deps.ts";`],
  ["a Node module at the edge", "src/cart/a.ts", `import { join } from "node:path";`],
  ["a value in the client", "src/client.ts", `import { PROBLEMS } from "./platform/http/p.ts";`],
  ["a vendor in the client", "src/client.ts", `import { z } from "zod";`],
  ["a specifier without its ending", "src/cart/a.ts", `import "./b";`],
  ["a folder that the design does not name", "src/misc/a.ts", `import "../shared/money.ts";`],
  ["the clock in a use case", "src/cart/add-line.ts", "const nowMs = Date.now();"],
  ["a new date in a use case", "src/cart/add-line.ts", "const now = new Date();"],
  ["a timer in a use case", "src/cart/add-line.ts", "setTimeout(() => {}, 5);"],
  ["a binding in a route", "src/cart/routes.ts", "const bucket = c.env.MEDIA;"],
  ["a computed binding", "src/cart/routes.ts", `const queue = env["ORDERS_QUEUE"];`],
  ["a binding taken apart", "src/cart/routes.ts", "const { CART } = c.env;"],
  ["a binding in a use case", "src/cart/add-line.ts", "env.CART.getByName(id);"],
  ["randomness in a rule", "src/cart/totals.ts", "const x = Math.random();"],
  ["a fresh id in a rule", "src/cart/totals.ts", `import { newId } from "../shared/ids.ts";`],
  [
    "the clock object in a rule",
    "src/cart/totals.ts",
    `import { systemClock } from "../shared/clock.ts";`,
  ],
  ["a vendor in a rule", "src/cart/totals.ts", `import { sql } from "drizzle-orm";`],
  ["platform in a rule", "src/cart/totals.ts", `import { x } from "../platform/io/io.ts";`],
  ["a store in a rule", "src/cart/totals.ts", `import { x } from "./cart-store.ts";`],
  ["camel case", "src/cart/addLine.ts", ""],
  ["a name that says nothing", "src/cart/utils.ts", ""],
  ["a file of 401 lines", "local/long.ts", "\n".repeat(401)],
];

const allowed: [what: string, path: string, text: string][] = [
  ["shared importing zod", "src/shared/money.ts", `import { z } from "zod";`],
  ["platform importing a vendor", "src/platform/sql/a.ts", `import { sql } from "drizzle-orm";`],
  ["a context importing one below it", "src/checkout/a.ts", `import "../cart/index.ts";`],
  ["a context importing platform", "src/cart/a.ts", `import "../platform/io/io.ts";`],
  ["a Worker importing anything", "workers/orders/a.ts", `import "../../src/orders/store.ts";`],
  ["a Worker's own parts", "workers/orders/index.ts", `import "./deps.ts";`],
  ["a test importing a Worker", "test/workers/a.ts", `import "../../workers/orders/index.ts";`],
  ["a server type in the client", "src/client.ts", `import type { Api } from "./api.ts";`],
  ["env handed on whole", "src/cart/routes.ts", "const stub = cartStub(c.env, id);"],
  ["a binding in a stub", "src/cart/stub.ts", "export const a = env.CART;"],
  ["the clock of an object", "src/cart/object.ts", "const nowMs = Date.now();"],
  ["a binding of an object", "src/cart/object.ts", "const queue = this.env.COMMS_QUEUE;"],
  ["a date made from a number", "src/cart/totals.ts", "const at = new Date(0);"],
  ["a rule importing a rule", "src/cart/totals.ts", `import { x } from "./price-cart.ts";`],
  ["import.meta.env, which is no binding", "src/cart/a.ts", "const mode = import.meta.env.MODE;"],
  [
    "an import in a comment or a string",
    "src/cart/a.ts",
    `// import "../api.ts"\nconst x = 'import "../api.ts"';`,
  ],
];

describe("violations", () => {
  it.for(refused)("finds %s", ([, path, text], { expect }) => {
    const faults = faultsOf({ [path]: text });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(path);
  });

  it.for(allowed)("lets %s be", ([, path, text], { expect }) => {
    expect(faultsOf({ [path]: text })).toEqual([]);
  });

  it("says where", ({ expect }) => {
    const text = `import "./b.ts";\n\nimport "../orders/index.ts";`;
    expect(faultsOf({ "src/cart/a.ts": text })).toEqual([
      "src/cart/a.ts:3 imports ../orders/index.ts: orders is not below cart",
    ]);
  });

  it("finds modules that import each other, but not types that know each other", ({ expect }) => {
    const a = (how: string) => ({
      "src/cart/a.ts": `import { b } from "./b.ts"; export const a = b;`,
      "src/cart/b.ts": `${how} { a } from "./c.ts"; export const b = 1;`,
      "src/cart/c.ts": `export { a } from "./a.ts";`,
    });
    expect(faultsOf(a("import"))).toEqual([
      "modules import each other: src/cart/a.ts, src/cart/b.ts, src/cart/c.ts",
    ]);
    expect(faultsOf(a("import type"))).toEqual([]);
  });

  it("finds folders of platform that import each other, be it types", ({ expect }) => {
    const files = {
      "src/platform/io/io.ts": `import type { Sql } from "../sql/session.ts";`,
      "src/platform/sql/session.ts": `import type { Url } from "../io/url.ts";`,
    };
    expect(faultsOf(files)).toEqual([
      "folders import each other: src/platform/io, src/platform/sql",
    ]);
  });

  it("asks every context for its page", ({ expect }) => {
    expect(violations(new Map([["src/cart/index.ts", ""]]))).toEqual([
      "src/cart/README.md is missing: one page on what the context owns",
    ]);
    const both = new Map([
      ["src/cart/index.ts", ""],
      ["src/cart/README.md", "# Cart"],
    ]);
    expect(violations(both)).toEqual([]);
  });

  it("refuses a file that it cannot read", ({ expect }) => {
    expect(() => faultsOf({ "src/cart/a.ts": "import {" })).toThrow("src/cart/a.ts");
  });
});
