import { validator } from "hono-openapi";
import type { z } from "zod";
import { type FieldError, invalid, Problem } from "./problem.ts";

type Target = "json" | "query" | "param" | "header";

/**
 * Validates one part of a request by a zod schema, documents it in OpenAPI, and types both the
 * handler's input and the RPC client's. Throws the problem `request-invalid` with a pointer per field.
 */
export const valid = <T extends Target, S extends z.ZodType>(target: T, schema: S) =>
  validator(target, schema, (result) => {
    if (target === "json") refuseServerOwned(result.data, declaredKeys(schema));
    if (result.success) return;
    throw invalid(...result.error.map((issue) => fieldError(target, issue)));
  });

type Issue = {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
};

function fieldError(target: Target, issue: Issue): FieldError {
  const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
  const place = target === "json" ? [] : [target === "param" ? "path" : target];
  const pointer = [...place, ...path].map((part) => `/${escapePointer(part)}`).join("");
  const code = (issue as { code?: string }).code ?? "invalid";
  return { pointer, code, message: issue.message };
}

const escapePointer = (part: string) => part.replaceAll("~", "~0").replaceAll("/", "~1");

/** Names that mean something to the language itself; no data of anybody's needs them. */
const POLLUTING = ["__proto__", "constructor", "prototype"];

/**
 * Fields that only the server sets. Other unknown fields are ignored, so that clients may be newer
 * than the server; these are refused, because ignoring them would look like obeying them.
 */
const SERVER_OWNED = new Set([
  ...POLLUTING,
  "id",
  "role",
  "roles",
  "price",
  "unitPrice",
  "total",
  "totals",
  "subtotal",
  "discount",
  "tax",
  "shipping",
  "status",
  "state",
  "emailVerified",
  "userId",
  "user_id",
  "paid",
  "captured",
  "refunded",
  "version",
  "createdAt",
  "updatedAt",
]);

const DEPTH_MAX = 32;

type Visited = { value: unknown; pointer: string; depth: number; isFree: boolean };

function refuseServerOwned(body: unknown, { names, free }: Declared): void {
  const queue: Visited[] = [{ value: body, pointer: "", depth: 0, isFree: false }];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { value, pointer, depth, isFree } = next;
    if (value === null || typeof value !== "object") continue;
    if (depth > DEPTH_MAX) throw new Problem("request-malformed", { detail: "nested too deeply" });
    for (const key of Object.keys(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      const isOwned = isFree ? POLLUTING.includes(key) : SERVER_OWNED.has(key);
      if (!Array.isArray(value) && isOwned && !names.has(key)) {
        throw invalid({ pointer: at, code: "server_owned", message: "is set by the server" });
      }
      const inner = Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
      queue.push({ value: inner, pointer: at, depth: depth + 1, isFree: isFree || free.has(key) });
    }
  }
}

/**
 * What a schema itself declares, at any depth: `names` of fields, which a client may send, and those
 * whose content is `free`, because it is the client's own and means nothing to the server.
 */
type Declared = { names: Set<string>; free: Set<string> };

function declaredKeys(schema: z.ZodType): Declared {
  const known = declaredBySchema.get(schema);
  if (known) return known;
  const declared: Declared = { names: new Set(), free: new Set() };
  collectKeys(schema, declared, 0);
  declaredBySchema.set(schema, declared);
  return declared;
}

const declaredBySchema = new WeakMap<z.ZodType, Declared>();

type SchemaParts = {
  shape?: Record<string, z.ZodType>;
  def?: {
    type?: string;
    innerType?: z.ZodType;
    element?: z.ZodType;
    in?: z.ZodType;
    options?: z.ZodType[];
  };
};

const partsOf = (schema: z.ZodType) => schema as unknown as SchemaParts;

function collectKeys(schema: z.ZodType, declared: Declared, depth: number): void {
  if (depth > DEPTH_MAX) return;
  const { shape, def } = partsOf(schema);
  for (const [key, inner] of Object.entries(shape ?? {})) {
    declared.names.add(key);
    if (isRecord(inner)) declared.free.add(key);
    collectKeys(inner, declared, depth + 1);
  }
  for (const inner of [def?.innerType, def?.element, def?.in, ...(def?.options ?? [])]) {
    if (inner) collectKeys(inner, declared, depth + 1);
  }
}

function isRecord(schema: z.ZodType): boolean {
  const { def } = partsOf(schema);
  return def?.type === "record" || (def?.innerType !== undefined && isRecord(def.innerType));
}
