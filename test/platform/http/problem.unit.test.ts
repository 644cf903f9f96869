import { HTTPException } from "hono/http-exception";
import { describe, it } from "vitest";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import {
  asProblem,
  invalid,
  PROBLEMS,
  Problem,
  problemBody,
} from "../../../src/platform/http/problem.ts";
import { problemPages } from "../../../src/platform/http/problem-pages.ts";

const slugs = Object.keys(PROBLEMS) as (keyof typeof PROBLEMS)[];

describe("PROBLEMS", () => {
  it("is public API: a slug, its status and its title stay", ({ expect }) => {
    const lines = slugs.map((slug) => `${PROBLEMS[slug].status} ${slug}: ${PROBLEMS[slug].title}`);
    expect(lines).toMatchInlineSnapshot(`
      [
        "409 cart-limit: The cart holds as much as a cart may hold",
        "409 checkout-closed: The checkout is already completed or canceled",
        "409 checkout-incomplete: The checkout cannot be completed yet",
        "409 content-conflict: The content is not at the version that was named",
        "409 coupon-refused: The coupon does nothing for this cart",
        "503 dependency-unavailable: A system this request needs is unavailable",
        "403 forbidden: The credentials do not allow this",
        "400 idempotency-key-required: This request needs an Idempotency-Key",
        "422 idempotency-key-reused: The Idempotency-Key was used for another request",
        "409 insufficient-stock: There is not enough stock",
        "500 internal: Something went wrong on our side",
        "405 method-not-allowed: The resource does not support this method",
        "404 not-found: There is no such resource",
        "409 oidc-conflict: The account elsewhere opens none here",
        "401 oidc-refused: The sign-in elsewhere cannot be accepted",
        "409 order-conflict: The order's state does not allow this",
        "503 overloaded: There is too much to do right now",
        "409 passkey-conflict: The passkey cannot be added",
        "401 passkey-refused: The passkey does not open this",
        "402 payment-declined: The payment was declined",
        "503 payments-unavailable: Payments cannot be taken right now",
        "409 purchase-limit: One shopper may not have that many",
        "409 quote-changed: The quote no longer holds",
        "429 rate-limited: Too many requests",
        "409 request-in-progress: The same request is still being worked on",
        "422 request-invalid: The request is not valid",
        "400 request-malformed: The request cannot be read",
        "413 request-too-large: The request is too large",
        "409 second-factor-conflict: The state of the second factor does not allow this",
        "401 second-factor-refused: The code is not right, or was used before",
        "401 sign-in-refused: The e-mail address or the password is not right",
        "404 sku-unknown: There is no such SKU",
        "409 staff-key-ended: The staff key has ended already",
        "403 step-up-required: A recent proof of who is asking is needed",
        "401 unauthorized: Valid credentials are needed",
        "415 unsupported-media-type: The media type of the body is not supported",
        "409 voucher-refused: The voucher cannot pay for this cart",
      ]
    `);
  });

  it.for(slugs)("explains %s on a page of its own", async (slug, { expect }) => {
    const page = await problemPages.request(`/problems/${slug}`);
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain(`<code>${PROBLEMS[slug].status} ${slug}</code>`);
    expect(/<p>(?!<code>)(?<advice>[^<]+)<\/p>/.exec(text)?.groups?.advice).toMatch(/\w{3}.*\.$/);
  });
});

describe("asProblem", () => {
  it("keeps a problem as it is", ({ expect }) => {
    const problem = new Problem("sku-unknown", { sku: "A" });
    expect(asProblem(problem)).toBe(problem);
  });

  it.for([
    [400, "request-malformed"],
    [413, "request-too-large"],
    [500, "internal"],
  ] as const)("takes the framework's own %i for %s", ([status, slug], { expect }) => {
    expect(asProblem(new HTTPException(status, { message: "secret" })).slug).toBe(slug);
  });

  it("says which dependency is away, through every wrapper, and when to come back", ({
    expect,
  }) => {
    const down = new DependencyDown("mysql", new Error("ECONNREFUSED 10.0.0.7:3306"));
    const wrapped = new Error("Failed query: select 1", { cause: new Error("x", { cause: down }) });
    const problem = asProblem(wrapped);
    expect(problem).toMatchObject({
      slug: "dependency-unavailable",
      extensions: { dependency: "mysql" },
      headers: { "Retry-After": "2" },
    });
    expect(problemBody(problem, "req_1")).not.toMatch(/10\.0\.0\.7|select/);
  });

  it("knows weather that has lost its class on the way out of an object", ({ expect }) => {
    const plain = Object.assign(new Error("redis is unavailable"), {
      name: "DependencyDown",
      dependency: "redis",
    });
    expect(asProblem(plain).extensions).toEqual({ dependency: "redis" });
    const overloaded = Object.assign(new Error("queued for too long"), { overloaded: true });
    expect(asProblem(overloaded)).toMatchObject({
      slug: "dependency-unavailable",
      extensions: { dependency: "object" },
    });
  });

  it.for([
    ["an error", new Error("password=hunter2")],
    ["a text", "password=hunter2"],
    ["nothing", undefined],
  ])("says nothing of %s that nobody expected", ([, thrown], { expect }) => {
    const body = problemBody(asProblem(thrown), "req_1");
    expect(JSON.parse(body)).toEqual({
      type: "/problems/internal",
      title: PROBLEMS.internal.title,
      status: 500,
      requestId: "req_1",
    });
  });
});

describe("problemBody", () => {
  it("lets no extension stand in for a standard member", ({ expect }) => {
    const problem = new Problem("not-found", {
      status: 200,
      type: "x",
      title: "y",
      requestId: "z",
    });
    expect(JSON.parse(problemBody(problem, "req_1"))).toEqual({
      type: "/problems/not-found",
      title: PROBLEMS["not-found"].title,
      status: 404,
      requestId: "req_1",
    });
  });

  it("lists the fields of an invalid request", ({ expect }) => {
    const errors = [{ pointer: "/a", code: "too_big", message: "is too big" }];
    expect(JSON.parse(problemBody(invalid(...errors), "req_1"))).toMatchObject({ errors });
  });
});
