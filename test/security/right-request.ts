import { rightBody, rightQuery } from "./bad-values.ts";
import { credentials, pathOf, type Route } from "./documented-routes.ts";

/** What a schema cannot say, such as fields that exclude each other. */
const RIGHT_BODIES: Readonly<Record<string, Record<string, unknown>>> = {
  "POST /ops/v1/orders/{orderId}/refunds": { reason: "a test" },
  "POST /ops/v1/price-rules": {
    title: "a test",
    kind: "percentage",
    value: 1,
    target: "product",
    targetId: "prd_none",
    startsAt: "9999-01-01T00:00:00Z",
  },
  "POST /ops/v1/purge": { tags: ["product:none"] },
  // An address of documentation's: nobody comes from it.
  "POST /ops/v1/blocks": { address: "198.51.100.7", reason: "a test" },
  "DELETE /ops/v1/blocks": { address: "198.51.100.7" },
  "PUT /ops/v1/flags": { flags: { "a-test": true } },
};

export type RightRequest = {
  path: string;
  method: string;
  headers: Record<string, string>;
  /** The JSON body, before it is made a text. */
  json: unknown;
  body?: string;
};

/** A request that passes validation and has every credential; what it names need not exist. */
export function rightRequest(route: Route): RightRequest {
  const { name, method, parameters, body: schema, uploads } = route;
  const path = `${pathOf(route)}${rightQuery(parameters)}`;
  const own = credentials(route);
  const [upload] = uploads;
  if (upload) {
    const headers = { ...own, "Content-Type": upload };
    return { path, method, headers, json: undefined, body: "Handle\n" };
  }
  if (!schema) return { path, method, headers: own, json: undefined };
  const json = RIGHT_BODIES[name] ?? rightBody(schema);
  const headers = { ...own, "Content-Type": "application/json" };
  return { path, method, headers, json, body: JSON.stringify(json) };
}
