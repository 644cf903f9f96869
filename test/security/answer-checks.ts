import { dereference, type Schema as JsonSchema, validate } from "@cfworker/json-schema";

/** An answer, and what was asked for. */
export type Exchange = {
  method: string;
  /** The path as it was sent, without the query. */
  path: string;
  status: number;
  headers: Headers;
  text: string;
};

type Json = { [key: string]: unknown };
type Operation = { responses: Record<string, { content?: Record<string, { schema: Json }> }> };
export type ApiDocument = { paths: Record<string, Record<string, Operation>>; components: Json };

/** What is wrong with an answer, in words; nothing, if it is as the document says. */
export type CheckAnswer = (exchange: Exchange) => string[];

type Known = { name: string; pattern: RegExp; operation: Operation };

/**
 * Holds answers to the API's own document: a status that it names, the media type, and a body with the
 * schema's keys and no others. Paths and methods that it does not have are answered by problems.
 */
export function answerChecks(document: ApiDocument): CheckAnswer {
  const closed = closeObjects(structuredClone(document)) as ApiDocument;
  const lookup = dereference(closed as unknown as JsonSchema);
  const known = operationsOf(closed);
  return (exchange) => {
    const faults = exchange.status >= 400 ? problemFaults(exchange) : [];
    const operation = known.find(
      ({ name, pattern }) => name.startsWith(`${exchange.method} `) && pattern.test(exchange.path),
    )?.operation;
    if (!operation) return [...faults, ...unknownPathFaults(exchange)];
    // HTTP's own answer to a reader who has the newest version already.
    if (exchange.status === 304 && exchange.method === "GET" && exchange.text === "") return faults;
    const answer = operation.responses[exchange.status];
    if (!answer) return [...faults, `status ${exchange.status} is not documented`];
    const type = mediaTypeOf(exchange);
    const schema = answer.content?.[type]?.schema;
    if (!schema) {
      return exchange.text === "" ? faults : [...faults, `media type ${type} is not documented`];
    }
    if (!type.includes("json")) return faults;
    const { errors } = validate(
      JSON.parse(exchange.text),
      schema as JsonSchema,
      "2020-12",
      lookup,
      false,
    );
    return [
      ...faults,
      ...errors.map(({ instanceLocation, error }) => `${instanceLocation} ${error}`),
    ];
  };
}

const mediaTypeOf = ({ headers }: Exchange): string =>
  headers.get("Content-Type")?.split(";")[0]?.trim() ?? "";

/** Literal paths come first, as a router would choose them. */
function operationsOf({ paths }: ApiDocument): Known[] {
  const all = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([verb, operation]) => ({
      name: `${verb.toUpperCase()} ${path}`,
      pattern: new RegExp(
        `^${path.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll(/\{\w+\}/g, "[^/]+")}$`,
      ),
      operation,
    })),
  );
  return all.sort((a, b) => a.name.split("{").length - b.name.split("{").length);
}

function problemFaults({ status, headers, text }: Exchange): string[] {
  const type = headers.get("Content-Type");
  if (text === "") return [];
  // The shop's state of health is an answer, whatever its status.
  if (status === 503 && type === "application/json") return [];
  if (type !== "application/problem+json") return [`a refusal of type ${type}`];
  const problem = JSON.parse(text) as Json;
  return [
    ...(problem.status === status ? [] : ["another status in the body"]),
    // A replay is the first answer to the byte, and names the request that it was given to.
    ...(problem.requestId === headers.get("X-Request-Id") || headers.has("Idempotent-Replayed")
      ? []
      : ["another request id"]),
    ...(/^\/problems\/[a-z-]+$/.test(String(problem.type)) ? [] : ["no problem's type"]),
  ];
}

const NOT_OURS = new Set([400, 401, 403, 404, 405, 413, 415, 422, 429]);

const unknownPathFaults = ({ status }: Exchange): string[] =>
  status < 400 || NOT_OURS.has(status) ? [] : [`status ${status} for a path that is not there`];

/** Forbids keys that a schema does not name: only problems may say more than that. */
function closeObjects(node: unknown, isProblem = false): unknown {
  if (node === null || typeof node !== "object") return node;
  if (Array.isArray(node)) {
    for (const each of node) closeObjects(each, isProblem);
    return node;
  }
  const schema = node as Json;
  for (const [key, inner] of Object.entries(schema)) {
    closeObjects(inner, isProblem || key === "application/problem+json" || key === "Problem");
  }
  const isOpen =
    schema.type === "object" && schema.properties && schema.additionalProperties === undefined;
  if (isOpen && !isProblem && !schema.allOf) schema.additionalProperties = false;
  return schema;
}
