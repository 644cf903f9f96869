import type { MiddlewareHandler } from "hono";
import { describeRoute, resolver } from "hono-openapi";
import { z } from "zod";
import { PROBLEMS, type ProblemSlug } from "./problem.ts";
import { requireScope, type Scope } from "./scope.ts";

const ProblemDocument = z
  .object({
    type: z.string().describe("`/problems/<slug>`: what the problem means, readable at that path"),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    requestId: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .describe("For invalid input: one entry per field, by JSON pointer"),
  })
  .meta({ id: "Problem" });

const REQUEST_HEADERS = {
  "Cart-Token": "Whose cart: answered in the same header when the cart was made",
  "Order-Token": "A guest's access to the order: answered when it was placed",
  "Idempotency-Key":
    "1 to 255 printable characters, fresh for each intention: a repeat with the same key and body takes effect once and answers the same",
} as const;
type RequestHeader = keyof typeof REQUEST_HEADERS;

export type RouteDescription = {
  summary: string;
  tag: string;
  /** The success answers by status. */
  responses: Partial<Record<200 | 201 | 202, z.ZodType>>;
  /** The problems of this route, beside those that any route may answer. */
  problems?: readonly ProblemSlug[];
  /** The headers that the route reads. The typed client sends them by itself, so they are no input of it. */
  headers?: Partial<Record<RequestHeader, "required" | "optional">>;
  /** Whether it reads who is signed in, by the access token in `Authorization`. */
  signedIn?: "required" | "optional";
  /** The media types of a body that is not JSON: JSON bodies are documented by their schema. */
  uploads?: readonly string[];
} & Audience;

/** Who may call it. Every route declares one; a test refuses a route that does not. */
type Audience =
  | { audience: "public" | "shopper" | "processor" }
  /** The route is closed to staff keys without this scope. */
  | { audience: "staff"; scope: Scope };

const problemContent = { "application/problem+json": { schema: resolver(ProblemDocument) } };

/** What the pipeline, or a bug, may answer before a route or in its place. */
const OF_ANY_ROUTE: readonly ProblemSlug[] = [
  "request-malformed",
  "unauthorized",
  "forbidden",
  "rate-limited",
  "request-too-large",
  "unsupported-media-type",
  "internal",
];

/** Documents a route from the same schemas that it validates and answers with, and guards staff's. */
export function describe(description: RouteDescription): MiddlewareHandler {
  const documented = documentedBy(description);
  if (description.audience !== "staff") return documented;
  // What documents a route is a property of its first handler.
  return Object.assign(requireScope(description.scope), documented);
}

function documentedBy(description: RouteDescription) {
  const { summary, tag, responses, problems = [], headers = {}, uploads, audience } = description;
  const scope = description.audience === "staff" ? description.scope : undefined;
  const answers = Object.entries(responses).map(([status, schema]) => [
    status,
    { description: summary, content: { "application/json": { schema: resolver(schema) } } },
  ]);
  const slugs = [...new Set<ProblemSlug>([...problems, ...OF_ANY_ROUTE])];
  const byStatus = Map.groupBy(slugs, (slug) => PROBLEMS[slug].status);
  const refusals = [...byStatus].map(([status, group]) => [
    String(status),
    { description: group.map((slug) => PROBLEMS[slug].title).join(" · "), content: problemContent },
  ]);
  return describeRoute({
    summary,
    tags: [tag],
    ...securityOf(description),
    ...(scope ? { "x-scope": scope } : {}),
    parameters: Object.entries(headers).map(([name, need]) => ({
      in: "header",
      name,
      required: need === "required",
      description: REQUEST_HEADERS[name as RequestHeader],
      schema: { type: "string" },
    })),
    ...(uploads ? { requestBody: uploadOf(uploads) } : {}),
    responses: Object.fromEntries([...answers, ...refusals]),
    "x-audience": audience,
  } as Parameters<typeof describeRoute>[0]);
}

function securityOf(description: RouteDescription): { security?: Record<string, string[]>[] } {
  if (description.audience === "staff") return { security: [{ staffKey: [description.scope] }] };
  const { signedIn } = description;
  if (signedIn === undefined) return {};
  const accessToken = { accessToken: [] };
  return { security: signedIn === "required" ? [accessToken] : [{}, accessToken] };
}

const uploadOf = (types: readonly string[]) => ({
  required: true,
  content: Object.fromEntries(
    types.map((type) => [type, { schema: { type: "string", format: "binary" } }]),
  ),
});
