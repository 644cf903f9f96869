import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { api } from "../../src/api.ts";
import { orderToken } from "../../src/orders/order-token.ts";
import { configOf } from "../../src/platform/config/config.ts";
import { sha256Hex } from "../../src/shared/digest.ts";
import type { OrderId } from "../../src/shared/ids.ts";
import { accessToken } from "../support/access-token.ts";
import { sampleOf } from "./bad-values.ts";

/** As much of JSON Schema as this API's own documents use. */
export type Schema = {
  type?: string;
  $ref?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  const?: unknown;
  enum?: string[];
  pattern?: string;
  format?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  maxItems?: number;
};

export type Parameter = { in: string; name: string; required?: boolean; schema: Schema };

export type Route = {
  /** Method and path as OpenAPI has them: what a failing test is called. */
  name: string;
  method: string;
  path: string;
  audience: string | undefined;
  /**
   * For a route that reads who is signed in. Nobody's who has an account: tokens are believed without
   * asking. Each route has its own, for some of them end what they are called with.
   */
  accessToken: string | undefined;
  /** What a staff key needs for it. */
  scope: string | undefined;
  tags: readonly string[];
  parameters: readonly Parameter[];
  body: Schema | undefined;
  /** The media types of a body that is not JSON. */
  uploads: readonly string[];
};

const JSON_TYPE = "application/json";

type Operation = {
  "x-audience"?: string;
  security?: Record<string, string[]>[];
  "x-scope"?: string;
  tags?: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
};
type Document = {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
};

export const STAFF_KEY = "a-staff-key-for-tests";

/** One object for all requests: the configuration is parsed once for each. */
export const settings = {
  ...env,
  STAFF_KEYS: JSON.stringify([{ id: "tester", sha256: await sha256Hex(STAFF_KEY), scopes: ["*"] }]),
};

export const send = async (
  path: string,
  init: RequestInit = {},
  bindings: Env = settings,
): Promise<Response> =>
  api.fetch(new Request(`http://shop.test${path}`, init), bindings, createExecutionContext());

const ORDER_ID = `ord_${"0".repeat(26)}` as OrderId;
const ORDER_TOKEN = await orderToken(settings.TOKEN_SECRET, ORDER_ID);

/** All the credentials a route could want, so that what is refused is refused for its content. */
export const credentials = (
  route: Pick<Route, "audience" | "accessToken">,
): Record<string, string> => ({
  ...(route.audience === "staff" && { Authorization: `Bearer ${STAFF_KEY}` }),
  ...(route.accessToken && { Authorization: `Bearer ${route.accessToken}` }),
  "Cart-Token": "t".repeat(43),
  "Order-Token": ORDER_TOKEN,
  "Idempotency-Key": crypto.randomUUID(),
});

/** The route's path with samples for its parameters, but for those that are replaced. */
export function pathOf({ path, parameters }: Route, replaced: Record<string, string> = {}): string {
  const inPath = parameters.filter((parameter) => parameter.in === "path");
  return inPath.reduce((filled, parameter) => {
    const value = replaced[parameter.name] ?? sampleOf(parameter);
    return filled.replace(`{${parameter.name}}`, value);
  }, path);
}

/** Samples for what a route wants in its query, with a question mark; nothing where it wants nothing. */
export function queryOf({ parameters }: Route): string {
  const wanted = parameters.filter(
    ({ in: place, name, required }) => place === "query" && (required || name === "sku"),
  );
  const parts = wanted.map((parameter) => {
    const value = parameter.name === "sku" ? "NO-SUCH-SKU" : sampleOf(parameter);
    return `${parameter.name}=${encodeURIComponent(value)}`;
  });
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** What no answer may show: how the shop is built, and where. */
export const LEAK =
  /\bat \S+ \(|node_modules|\.ts\b|\bselect\b .*\bfrom\b|insert into|drizzle|sqlite|127\.0\.0\.1|TypeError|workerd/i;

/** Every operation of the API's own document: a new route is under test as soon as it exists. */
export async function documentedRoutes(): Promise<Route[]> {
  const document = await (await send("/openapi.json")).json<Document>();
  const { schemas } = document.components;
  const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(async ([verb, operation]) => {
      const method = verb.toUpperCase();
      const schema = operation.requestBody?.content[JSON_TYPE]?.schema;
      return {
        name: `${method} ${path}`,
        method,
        path,
        audience: operation["x-audience"],
        accessToken: (operation.security ?? []).some((each) => "accessToken" in each)
          ? await accessToken(configOf(settings))
          : undefined,
        scope: operation["x-scope"],
        tags: operation.tags ?? [],
        parameters: operation.parameters ?? [],
        body: schema && withoutReferences(schema, schemas),
        uploads: Object.keys(operation.requestBody?.content ?? {}).filter(
          (type) => type !== JSON_TYPE,
        ),
      };
    }),
  );
  return Promise.all(routes);
}

function withoutReferences(schema: Schema, schemas: Record<string, Schema>): Schema {
  const known = schema.$ref && schemas[schema.$ref.split("/").at(-1)!];
  if (known) return withoutReferences(known, schemas);
  const { properties, items, anyOf, oneOf } = schema;
  const inner = (each: Schema) => withoutReferences(each, schemas);
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, inner(each)]),
      ),
    }),
    ...(items && { items: inner(items) }),
    ...(anyOf && { anyOf: anyOf.map(inner) }),
    ...(oneOf && { oneOf: oneOf.map(inner) }),
  };
}
