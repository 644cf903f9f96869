import type { Parameter, Schema } from "./documented-routes.ts";

/** A body that is right but for one field, and where the refusal has to point. */
export type BadBody = { pointer: string; body: unknown };

/** For each field at any depth, each kind of value that its schema does not allow. */
export function badBodies(schema: Schema): BadBody[] {
  return fieldsOf(schema, { pointer: "", around: (value) => value }).flatMap(
    ({ pointer, around, schema: field }) =>
      wrongValues(field).map((value) => ({ pointer, body: around(value) })),
  );
}

/** Where a field is, and the body that has a value there. */
type Place = { pointer: string; around(value: unknown): unknown };
type Field = Place & { schema: Schema };

/**
 * The other fields of a body stay away: validation names every wrong field, not the first alone. Only
 * what tells one kind of an object from another stays, since the kind says what its fields may be.
 */
function fieldsOf(schema: Schema, { pointer, around }: Place): Field[] {
  const shape = notNull(schema);
  const own = pointer === "" ? [] : [{ pointer, around, schema }];
  const fields = Object.entries(shape.properties ?? {});
  const kinds = Object.fromEntries(
    fields.filter(([, each]) => each.const !== undefined).map(([name, each]) => [name, each.const]),
  );
  const inner = fields.flatMap(([name, each]) =>
    fieldsOf(each, {
      pointer: `${pointer}/${name}`,
      around: (value) => around({ ...kinds, [name]: value }),
    }),
  );
  const item = { pointer: `${pointer}/0`, around: (value: unknown) => around([value]) };
  return [...own, ...inner, ...(shape.items ? fieldsOf(shape.items, item) : [])];
}

const notNull = (schema: Schema): Schema =>
  (schema.anyOf ?? schema.oneOf)?.find(({ type }) => type !== "null") ?? schema;

const ANY = [null, true, 7, 0.5, "text", [], [[]], {}, { nested: {} }];

function wrongValues(schema: Schema): unknown[] {
  const shape = notNull(schema);
  const mayBeNull = schema !== shape && schema.anyOf?.some(({ type }) => type === "null");
  const otherTypes = ANY.filter((value) => {
    if (value === null) return !mayBeNull;
    if (shape.type === "array") return !Array.isArray(value);
    if (shape.type === "object") return typeof value !== "object" || Array.isArray(value);
    if (shape.type === "integer") return value !== 7;
    return typeof value !== shape.type;
  });
  return [...otherTypes, ...outOfBounds(shape)];
}

const HOSTILE_TEXTS = [
  "",
  "\u0000",
  "no such value",
  "\u202e\ufeff",
  "' OR 1=1 --",
  "é".repeat(300),
  "x".repeat(20_000),
];

function outOfBounds(shape: Schema): unknown[] {
  const { type, minimum, maximum, minLength = 0, maxLength, maxItems } = shape;
  if (type === "integer") {
    const below = minimum === undefined ? [] : [minimum - 1, -1e15];
    const above = maximum === undefined ? [] : [maximum + 1, 1e15, 1e308];
    return [...below, ...above];
  }
  if (type === "array") return maxItems === undefined ? [] : [Array(maxItems + 1).fill({})];
  if (type !== "string") return [];
  if (shape.enum) return HOSTILE_TEXTS;
  const pattern = shape.pattern === undefined ? undefined : new RegExp(shape.pattern, "u");
  return HOSTILE_TEXTS.filter(
    (text) =>
      text.length < minLength ||
      (maxLength !== undefined && text.length > maxLength) ||
      pattern?.test(text) === false,
  );
}

/** What a query parameter may be sent as: the right refusal is asked only where the schema is clear. */
export const badQueryValues = ({ schema }: Parameter): string[] =>
  wrongValues({ ...notNull(schema), type: "string" }).filter((value) => typeof value === "string");

/** Whatever the schema: nothing of this may break a route. */
export const HOSTILE_SEGMENTS = [
  "%00",
  "%",
  "%ff%fe",
  "%2e%2e%2f%2e%2e",
  "..;",
  "'%20OR%201=1--",
  "%F0%9F%92%A9",
  "a".repeat(5_000),
  "__proto__",
  "constructor",
  "1e309",
  "-1",
  "null",
];

// The moment is far off, so that what a route makes of it changes no price of the tests beside this one.
const SAMPLES = [
  "no-such-thing",
  "no-such.png",
  "ada@example.com",
  "9999-01-01T00:00:00Z",
  "USD",
  "US",
  "1",
  "000000",
];

/** A value that a route accepts and that names nothing. */
export function sampleOf({ name, schema }: { name: string; schema: Schema }): string {
  const { pattern, format, maxLength = Number.POSITIVE_INFINITY } = schema;
  if (format === "uri") return "https://example.com/a";
  const prefix = /^\^([a-z]+_)\[/.exec(pattern ?? "")?.[1];
  if (prefix) return `${prefix}${"0".repeat(26)}`;
  const sample = SAMPLES.find(
    (text) =>
      text.length <= maxLength && (pattern === undefined || new RegExp(pattern, "u").test(text)),
  );
  if (!sample) throw new Error(`bad-values.ts has no sample for the parameter ${name}`);
  return sample;
}

/** The query that a route cannot do without. */
export function rightQuery(parameters: readonly Parameter[]): string {
  const required = parameters.filter((each) => each.in === "query" && each.required);
  const query = new URLSearchParams(required.map((each) => [each.name, sampleOf(each)]));
  return required.length > 0 ? `?${query}` : "";
}

/** A body that a route accepts. */
export function rightBody(schema: Schema, name = "body"): unknown {
  const shape = notNull(schema);
  if (shape.const !== undefined) return shape.const;
  if (shape.enum) return shape.enum[0];
  if (shape.type === "integer" || shape.type === "number") return Math.max(1, shape.minimum ?? 1);
  if (shape.type === "boolean") return true;
  if (shape.type === "array") return [rightBody(shape.items ?? {}, name)];
  if (shape.type !== "object") return sampleOf({ name, schema: shape });
  const fields = Object.entries(shape.properties ?? {});
  return Object.fromEntries(fields.map(([field, each]) => [field, rightBody(each, field)]));
}
