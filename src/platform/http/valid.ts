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

/**
 * Fields that only the server sets. Other unknown fields are ignored, so that clients may be newer
 * than the server; these are refused, because ignoring them would look like obeying them.
 */
const SERVER_OWNED = new Set([
  "__proto__",
  "constructor",
  "prototype",
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

function refuseServerOwned(body: unknown, declared: ReadonlySet<string>): void {
  const queue: { value: unknown; pointer: string; depth: number }[] = [
    { value: body, pointer: "", depth: 0 },
  ];
  for (let next = queue.pop(); next; next = queue.pop()) {
    const { value, pointer, depth } = next;
    if (value === null || typeof value !== "object") continue;
    if (depth > DEPTH_MAX) throw new Problem("request-malformed", { detail: "nested too deeply" });
    for (const key of Object.keys(value)) {
      const at = `${pointer}/${escapePointer(key)}`;
      if (!Array.isArray(value) && SERVER_OWNED.has(key) && !declared.has(key)) {
        throw invalid({ pointer: at, code: "server_owned", message: "is set by the server" });
      }
      const inner = Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
      queue.push({ value: inner, pointer: at, depth: depth + 1 });
    }
  }
}

/** The field names that a schema itself declares, at any depth: those a client may send. */
function declaredKeys(schema: z.ZodType): ReadonlySet<string> {
  const known = declaredBySchema.get(schema);
  if (known) return known;
  const keys = new Set<string>();
  collectKeys(schema, keys, 0);
  declaredBySchema.set(schema, keys);
  return keys;
}

const declaredBySchema = new WeakMap<z.ZodType, ReadonlySet<string>>();

type SchemaParts = {
  shape?: Record<string, z.ZodType>;
  def?: { innerType?: z.ZodType; element?: z.ZodType; in?: z.ZodType; options?: z.ZodType[] };
};

function collectKeys(schema: z.ZodType, keys: Set<string>, depth: number): void {
  if (depth > DEPTH_MAX) return;
  const { shape, def } = schema as unknown as SchemaParts;
  for (const [key, inner] of Object.entries(shape ?? {})) {
    keys.add(key);
    collectKeys(inner, keys, depth + 1);
  }
  for (const inner of [def?.innerType, def?.element, def?.in, ...(def?.options ?? [])]) {
    if (inner) collectKeys(inner, keys, depth + 1);
  }
}
