import { createExecutionContext } from "cloudflare:test";
import { describe, it, vi } from "vitest";
import { api } from "../../src/api.ts";
import { rightBody } from "./bad-values.ts";
import {
  credentials,
  documentedRoutes,
  pathOf,
  type Route,
  settings,
} from "./documented-routes.ts";

const routes = await documentedRoutes();
const OWN_HEADERS = ["Cart-Token", "Order-Token", "Idempotency-Key"];

type Content = { requestBody?: { content: Record<string, unknown> } };
const document = await (
  await api.fetch(new Request("http://shop.test/openapi.json"), settings, createExecutionContext())
).json<{ paths: Record<string, Record<string, Content>> }>();

async function ask(route: Route, sent: Record<string, string>): Promise<number> {
  const request = new Request(`http://shop.test${pathOf(route)}`, {
    method: route.method,
    headers: { ...sent, ...(route.body && { "Content-Type": "application/json" }) },
    ...(route.body && { body: JSON.stringify(rightBody(route.body)) }),
  });
  const response = await api.fetch(request, settings, createExecutionContext());
  await response.body?.cancel();
  return response.status;
}

/** The names of this API's own headers that the code asks a request for. */
async function headersRead(route: Route): Promise<string[]> {
  // Not on the request alone: the body's limit makes a new one of it.
  const get = vi.spyOn(Headers.prototype, "get");
  await ask(route, credentials(route));
  const names = new Set(get.mock.calls.map(([name]) => name.toLowerCase()));
  get.mockRestore();
  return OWN_HEADERS.filter((name) => names.has(name.toLowerCase())).sort();
}

const declaredBy = ({ parameters }: Route) =>
  parameters
    .filter((each) => each.in === "header")
    .map(({ name }) => name)
    .sort();

describe("the document's headers", () => {
  it.for(routes.map((route) => [route.name, route] as const))(
    "are those that %s reads",
    async ([, route], { expect }) => {
      expect(declaredBy(route)).toEqual(await headersRead(route));
    },
  );

  it.for(
    routes.flatMap((route) =>
      route.parameters
        .filter((each) => each.in === "header" && each.required)
        .map((each) => [route.name, each.name, route] as const),
    ),
  )("%s does nothing without %s, which it calls required", async ([, name, route], { expect }) => {
    const { [name]: _, ...sent } = credentials(route);
    expect([400, 404]).toContain(await ask(route, sent));
  });
  it("have an Idempotency-Key at every write, but where each answer is a secret or a processor's own", ({
    expect,
  }) => {
    const without = routes
      .filter(({ method }) => method !== "GET")
      .filter((route) => !declaredBy(route).includes("Idempotency-Key"))
      .filter(({ path }) => !/^\/(?:api\/v2\/auth|webhooks)\//.test(path));
    expect(without.map(({ name }) => name)).toEqual([]);
  });
});

describe("the document's uploads", () => {
  const typesOf = (path: string, method: string) =>
    Object.keys(document.paths[path]?.[method]?.requestBody?.content ?? {});

  it("name the media types that the routes take", ({ expect }) => {
    expect(typesOf("/ops/v1/catalog/import", "post")).toEqual(["text/csv"]);
    expect(typesOf("/ops/v1/media/{name}", "put")).toEqual([
      "image/svg+xml",
      "image/png",
      "image/jpeg",
      "image/webp",
      "image/avif",
    ]);
  });

  it("are declared by every write that takes no JSON but a body", ({ expect }) => {
    const uploads = routes.filter(({ path, method }) =>
      typesOf(path, method.toLowerCase()).some((type) => type !== "application/json"),
    );
    expect(uploads.map(({ name }) => name).sort()).toEqual([
      "POST /ops/v1/catalog/import",
      "PUT /ops/v1/media/{name}",
    ]);
  });
});
