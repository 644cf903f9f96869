import { Hono } from "hono";
import { describe, it } from "vitest";
import { z } from "zod";
import { onError } from "../../../src/platform/http/problem.ts";
import { valid } from "../../../src/platform/http/valid.ts";

const Thing = z.object({
  name: z.string().max(10),
  price: z.object({ amount: z.int() }).optional(),
  parts: z
    .array(z.object({ "a/b~c": z.int().optional(), count: z.int() }))
    .max(3)
    .optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});

const app = new Hono()
  .post(
    "/things/:id",
    valid("param", z.object({ id: z.string().max(5) })),
    valid("query", z.object({ limit: z.string().regex(/^\d+$/).optional() })),
    valid("json", Thing),
    (c) => c.json(c.req.valid("json"), 200),
  )
  .onError(onError);

type Refusal = { type: string; detail?: string; errors?: { pointer: string; code: string }[] };

async function post(body: string, path = "/things/1", type = "application/json") {
  const response = await app.request(path, {
    method: "POST",
    body,
    headers: { "Content-Type": type },
  });
  return { status: response.status, body: await response.json<Refusal>() };
}
const pointersOf = ({ errors = [] }: Refusal) => errors.map(({ pointer }) => pointer);

describe("valid", () => {
  it("hands on what the schema declares and drops the rest", async ({ expect }) => {
    const { status, body } = await post(
      JSON.stringify({ name: "mug", colour: "red", x: { y: 1 } }),
    );
    expect(status).toBe(200);
    expect(body).toEqual({ name: "mug" });
  });

  it("lets a record's content be the client's own, but for what means something to the language", async ({
    expect,
  }) => {
    const data = { id: 1, price: [{ total: 2, status: "x" }] };
    const free = await post(JSON.stringify({ name: "mug", data }));
    expect([free.status, free.body]).toEqual([200, { name: "mug", data }]);
    const owned = await post(JSON.stringify({ name: "mug", id: 1, data }));
    expect(pointersOf(owned.body)).toEqual(["/id"]);
    for (const name of ["__proto__", "constructor", "prototype"]) {
      const inside = await post(`{"name":"mug","data":{"deep":[{"${name}":1}]}}`);
      expect(pointersOf(inside.body)).toEqual([`/data/deep/0/${name}`]);
    }
    const deep = `{"name":"mug","data":${'{"a":'.repeat(40)}1${"}".repeat(41)}`;
    expect((await post(deep)).status).toBe(400);
  });

  it("points at every wrong field at once, as RFC 6901 says", async ({ expect }) => {
    const parts = [{ count: 1 }, { "a/b~c": "no", count: "1" }];
    const { status, body } = await post(JSON.stringify({ name: 7, parts }));
    expect(status).toBe(422);
    expect(body.type).toBe("/problems/request-invalid");
    expect(body.errors).toEqual([
      { pointer: "/name", code: "invalid_type", message: expect.any(String) },
      { pointer: "/parts/1/a~1b~0c", code: "invalid_type", message: expect.any(String) },
      { pointer: "/parts/1/count", code: "invalid_type", message: expect.any(String) },
    ]);
  });

  it.for(["[]", "null", '"text"', "7", "true"])(
    "wants an object, not %s",
    async (body, { expect }) => {
      const refused = await post(body);
      expect(refused.status).toBe(422);
      expect(pointersOf(refused.body)).toEqual([""]);
    },
  );

  it.for(["{", '{"name":}', "{'name':'x'}", "", "\u0000", '{"name":"mug"} trailing'])(
    "cannot read %j",
    async (body, { expect }) => {
      const refused = await post(body);
      expect(refused.status).toBe(400);
      expect(refused.body.type).toBe("/problems/request-malformed");
    },
  );

  it("points into the path and the query by their names", async ({ expect }) => {
    const byPath = await post('{"name":"mug"}', "/things/123456");
    expect([byPath.status, pointersOf(byPath.body)]).toEqual([422, ["/path/id"]]);
    const byQuery = await post('{"name":"mug"}', "/things/1?limit=many");
    expect([byQuery.status, pointersOf(byQuery.body)]).toEqual([422, ["/query/limit"]]);
  });
});

describe("fields that the server owns", () => {
  it.for([
    ["at the top", '{"name":"mug","role":"admin"}', "/role"],
    ["that are a prototype", '{"name":"mug","__proto__":{"polluted":1}}', "/__proto__"],
    ["by way of the constructor", '{"name":"mug","constructor":{"prototype":{}}}', "/constructor"],
    ["inside an unknown field", '{"name":"mug","meta":{"userId":1}}', "/meta/userId"],
    ["inside an array", '{"name":"mug","x":[1,{"total":0}]}', "/x/1/total"],
    ["whose parents need escaping", '{"name":"mug","a/b":{"c~d":{"tax":0}}}', "/a~1b/c~0d/tax"],
  ] as const)("are refused %s", async ([, body, pointer], { expect }) => {
    const refused = await post(body);
    expect(refused.status).toBe(422);
    expect(refused.body.errors).toEqual([
      { pointer, code: "server_owned", message: expect.any(String) },
    ]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it("may be sent where the schema itself asks for them", async ({ expect }) => {
    const { status, body } = await post('{"name":"mug","price":{"amount":5}}');
    expect([status, body]).toEqual([200, { name: "mug", price: { amount: 5 } }]);
  });

  it("may be values", async ({ expect }) => {
    const { status, body } = await post('{"name":"role"}');
    expect([status, body]).toEqual([200, { name: "role" }]);
  });
});

describe("a body that is a weapon", () => {
  it.for<[what: string, open: string, core: string, close: string]>([
    ["objects", '{"a":', "1", "}"],
    ["arrays", "[", "1", "]"],
  ])("is refused when its %s nest 100,000 deep", async ([, open, core, close], { expect }) => {
    const bomb = `{"name":"mug","x":${open.repeat(100_000)}${core}${close.repeat(100_000)}}`;
    const startedMs = performance.now();
    const refused = await post(bomb);
    expect([refused.status, refused.body.detail]).toEqual([400, "nested too deeply"]);
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it("may nest as deep as anybody needs", async ({ expect }) => {
    const { status } = await post(`{"name":"mug","x":${"[".repeat(30)}${"]".repeat(30)}}`);
    expect(status).toBe(200);
  });

  it("is walked in a time that grows with its size only", async ({ expect }) => {
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    const startedMs = performance.now();
    expect((await post(JSON.stringify({ name: "mug", keys }))).status).toBe(200);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
});
