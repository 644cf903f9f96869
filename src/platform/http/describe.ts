import { describeRoute, resolver } from "hono-openapi";
import { z } from "zod";
import { PROBLEMS, type ProblemSlug } from "./problem.ts";

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
  /** The problems of this route beside `internal`, which any route may answer. */
  problems?: readonly ProblemSlug[];
  /** The headers that the route reads. The typed client sends them by itself, so they are no input of it. */
  headers?: Partial<Record<RequestHeader, "required" | "optional">>;
  /** Whether it reads who is signed in, by the access token in `Authorization`. */
  signedIn?: "required" | "optional";
  /** The media types of a body that is not JSON: JSON bodies are documented by their schema. */
  uploads?: readonly string[];
  /** Who may call it. Every route declares one; a test refuses a route that does not. */
  audience: "public" | "shopper" | "staff" | "processor";
};

const problemContent = { "application/problem+json": { schema: resolver(ProblemDocument) } };

/** Documents a route from the same schemas that it validates and answers with. */
export function describe({
  summary,
  tag,
  responses,
  problems = [],
  headers = {},
  uploads,
  signedIn,
  audience,
}: RouteDescription) {
  const answers = Object.entries(responses).map(([status, schema]) => [
    status,
    { description: summary, content: { "application/json": { schema: resolver(schema) } } },
  ]);
  const slugs = [...new Set<ProblemSlug>([...problems, "internal"])];
  const byStatus = Map.groupBy(slugs, (slug) => PROBLEMS[slug].status);
  const refusals = [...byStatus].map(([status, group]) => [
    String(status),
    { description: group.map((slug) => PROBLEMS[slug].title).join(" · "), content: problemContent },
  ]);
  return describeRoute({
    summary,
    tags: [tag],
    ...securityOf(audience, signedIn),
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

function securityOf(
  audience: RouteDescription["audience"],
  signedIn: RouteDescription["signedIn"],
): { security?: Record<string, string[]>[] } {
  if (audience === "staff") return { security: [{ staffKey: [] }] };
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
