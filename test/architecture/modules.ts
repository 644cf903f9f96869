import { parseSync } from "oxc-parser";

/** One module as the rules see it. Paths are relative to the repository. */
export type Module = {
  path: string;
  lineCount: number;
  imports: readonly ModuleImport[];
  /** What it reads from around it, beside its imports and arguments. */
  reads: readonly AmbientRead[];
};

/** `target` is a path in the repository for a relative specifier, else undefined. */
export type ModuleImport = {
  specifier: string;
  target: string | undefined;
  isTypeOnly: boolean;
  /** The names it takes as values; none for a side effect or a lazy import. */
  names: readonly string[];
  line: number;
};

export type AmbientRead = { kind: "clock" | "randomness" | "network" | "binding"; line: number };

type Node = { type: string; start: number; [field: string]: unknown };

/** Reads a TypeScript module with a real parser, so that no way of writing an import escapes. */
export function parseModule(path: string, text: string): Module {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);

  const lineAt = (offset: number) => text.slice(0, offset).split("\n").length;
  const imports: ModuleImport[] = [];
  const add = (specifier: string, start: number, names: readonly string[], isTypeOnly: boolean) => {
    const target = specifier.startsWith(".") ? resolve(path, specifier) : undefined;
    imports.push({ specifier, target, isTypeOnly, names, line: lineAt(start) });
  };
  for (const { moduleRequest, entries, start } of module.staticImports) {
    const values = entries.filter((entry) => !entry.isType);
    const names = values.map((entry) => entry.importName.name ?? "default");
    add(moduleRequest.value, start, names, entries.length > 0 && values.length === 0);
  }
  for (const { entries, start } of module.staticExports) {
    const request = entries.find((entry) => entry.moduleRequest)?.moduleRequest;
    const values = entries.filter((entry) => !entry.isType);
    const names = values.map((entry) => entry.importName.name ?? "*");
    if (request) add(request.value, start, names, values.length === 0);
  }

  const reads: AmbientRead[] = [];
  walk(program as unknown as Node, (node) => {
    const lazy = lazyImport(node);
    if (lazy) add(lazy.specifier, node.start, [], lazy.isTypeOnly);
    const kind = ambientRead(node);
    if (kind) reads.push({ kind, line: lineAt(node.start) });
  });
  return { path, lineCount: text.split("\n").length - 1, imports, reads };
}

/** `import("x")` as an expression, or as a type. */
function lazyImport(node: Node): { specifier: string; isTypeOnly: boolean } | undefined {
  if (node.type !== "ImportExpression" && node.type !== "TSImportType") return undefined;
  const source = node.source as { value?: unknown };
  if (typeof source.value !== "string") return undefined;
  return { specifier: source.value, isTypeOnly: node.type === "TSImportType" };
}

const AMBIENT: Record<string, AmbientRead["kind"]> = {
  "Date.now": "clock",
  "performance.now": "clock",
  "Math.random": "randomness",
  "crypto.randomUUID": "randomness",
  "crypto.getRandomValues": "randomness",
};

const AMBIENT_CALLS: Record<string, AmbientRead["kind"]> = {
  fetch: "network",
  setTimeout: "clock",
  setInterval: "clock",
};

function ambientRead(node: Node): AmbientRead["kind"] | undefined {
  if (node.type === "NewExpression" || node.type === "CallExpression") {
    const callee = nameOf(node.callee);
    const isNow = callee === "Date" && (node.arguments as unknown[]).length === 0;
    if (isNow) return "clock";
    return callee === undefined ? undefined : AMBIENT_CALLS[callee];
  }
  if (node.type === "MemberExpression") {
    const name = `${nameOf(node.object)}.${nameOf(node.property)}`;
    return AMBIENT[name] ?? (isEnv(node.object) ? "binding" : undefined);
  }
  // `const { CART } = env` reads a binding as `env.CART` does.
  const isTakenApart =
    node.type === "VariableDeclarator" && (node.id as Node).type === "ObjectPattern";
  return isTakenApart && isEnv(node.init) ? "binding" : undefined;
}

const isEnv = (value: unknown): boolean => {
  const node = value as Node | null;
  return node?.type === "MemberExpression"
    ? nameOf(node.property) === "env" && !isMetaProperty(node.object)
    : nameOf(node) === "env";
};

const isMetaProperty = (value: unknown) => (value as Node).type === "MetaProperty";

const nameOf = (value: unknown): string | undefined => {
  const node = value as Node | null;
  return node?.type === "Identifier" ? (node.name as string) : undefined;
};

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  for (const inner of Object.values(node)) {
    for (const child of Array.isArray(inner) ? inner : [inner]) {
      if (child !== null && typeof child === "object" && typeof child.type === "string") {
        walk(child as Node, visit);
      }
    }
  }
}

/** `src/cart/routes.ts` and `../shared/ids.ts` make `src/shared/ids.ts`. */
function resolve(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
