import { createExecutionContext, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, it, vi } from "vitest";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import type { ApiEnv } from "../../../src/platform/http/context.ts";
import { idempotent } from "../../../src/platform/http/idempotency.ts";
import { identify, noStoreByDefault } from "../../../src/platform/http/pipeline.ts";
import { onError, Problem } from "../../../src/platform/http/problem.ts";
import { sha256Hex } from "../../../src/shared/digest.ts";

const CALLER = "Caller";

/** A write that does what it is told, and counts how often it did. */
function shop(act: (run: number) => unknown | Promise<unknown> = (run) => ({ run })) {
  const handler = vi.fn(act);
  const caller = idempotent((c) => c.req.header(CALLER) ?? "somebody");
  const app = new Hono<ApiEnv>()
    .use(identify, noStoreByDefault)
    .post("/write", caller, async (c) => {
      const body = await handler(handler.mock.calls.length + 1);
      return c.json(body as object, 201, { Location: "/made/1", "Set-Cookie": "session=secret" });
    })
    .post("/other", caller, (c) => c.json({ other: true }, 200))
    .post(
      "/strict",
      idempotent(() => "s", { required: true }),
      (c) => c.json({}, 200),
    );
  app.onError(onError);
  const write = async (key: string | undefined, body = "{}", path = "/write", who?: string) =>
    app.request(
      path,
      {
        method: "POST",
        body,
        headers: {
          ...(key === undefined ? {} : { "Idempotency-Key": key }),
          ...(who === undefined ? {} : { [CALLER]: who }),
        },
      },
      env,
      createExecutionContext(),
    );
  return { write, handler };
}

const freshKey = () => crypto.randomUUID();
const replayed = (response: Response) => response.headers.get("Idempotent-Replayed");
const typeOf = async (response: Response) => (await response.json<{ type: string }>()).type;
const objectOf = async (key: string, who = "somebody") =>
  env.IDEMPOTENCY.getByName(await sha256Hex(`${who}\n${key}`));

describe("a repeated write", () => {
  it("is another one when its query is: what a DELETE removes may stand there alone", async ({
    expect,
  }) => {
    const { write, handler } = shop();
    const key = freshKey();
    expect((await write(key, "", "/write?version=1")).status).toBe(201);
    const other = await write(key, "", "/write?version=2");
    expect([other.status, await typeOf(other)]).toEqual([422, "/problems/idempotency-key-reused"]);
    expect(replayed(await write(key, "", "/write?version=1"))).toBe("true");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("is answered with the same bytes, and not done again", async ({ expect }) => {
    const { write, handler } = shop((run) => ({ run, at: performance.now(), id: freshKey() }));
    const key = freshKey();
    const first = await write(key);
    const second = await write(key);
    expect([first.status, replayed(first)]).toEqual([201, null]);
    expect([second.status, replayed(second)]).toEqual([201, "true"]);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get("Location")).toBe("/made/1");
    expect(second.headers.get("Content-Type")).toBe(first.headers.get("Content-Type"));
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("is not given what only the first answer may carry", async ({ expect }) => {
    const { write } = shop();
    const key = freshKey();
    await write(key);
    const second = await write(key);
    expect(second.headers.has("Set-Cookie")).toBe(false);
    expect(second.headers.get("Cache-Control")).toBe("no-store");
  });

  it("keeps its answer when the object is evicted in between", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    const first = await (await write(key)).text();
    await evictDurableObject(await objectOf(key));
    expect(await (await write(key)).text()).toBe(first);
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("is a new one after the object has forgotten", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    await write(key);
    expect(await runDurableObjectAlarm(await objectOf(key))).toBe(true);
    expect(replayed(await write(key))).toBeNull();
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it("is refused with another body, and on another path", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    await write(key, '{"a":1}');
    for (const other of [await write(key, '{"a":2}'), await write(key, '{"a":1}', "/other")]) {
      expect([other.status, await typeOf(other)]).toEqual([
        422,
        "/problems/idempotency-key-reused",
      ]);
    }
    expect(handler).toHaveBeenCalledTimes(1);
    expect(replayed(await write(key, '{"a":1}'))).toBe("true");
  });

  it("waits its turn while the first still runs", async ({ expect }) => {
    const { promise, resolve } = Promise.withResolvers<object>();
    const { write, handler } = shop(() => promise);
    const key = freshKey();
    const first = write(key);
    await vi.waitFor(() => expect(handler).toHaveBeenCalled());
    const second = await write(key);
    expect([second.status, await typeOf(second)]).toEqual([409, "/problems/request-in-progress"]);
    expect(second.headers.get("Retry-After")).toBe("1");
    resolve({ done: true });
    expect((await first).status).toBe(201);
    expect(replayed(await write(key))).toBe("true");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it("is done once by twenty at the same time", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => write(key)));
    expect(handler).toHaveBeenCalledTimes(1);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
  });
});

describe("a refusal", () => {
  it("is kept like a success, with the id of the first request", async ({ expect }) => {
    const { write, handler } = shop(() => {
      throw new Problem("insufficient-stock", { available: 3 });
    });
    const key = freshKey();
    const first = await write(key);
    const second = await write(key);
    expect([first.status, second.status, replayed(second)]).toEqual([409, 409, "true"]);
    expect(second.headers.get("Content-Type")).toBe("application/problem+json");
    expect(await second.text()).toBe(await first.text());
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it.for([
    ["weather", () => new DependencyDown("mysql"), 503],
    ["a bug", () => new Error("oops"), 500],
  ] as const)("because of %s gives the key back", async ([, error, status], { expect }) => {
    const { write, handler } = shop((run) => {
      if (run === 1) throw error();
      return { run };
    });
    const key = freshKey();
    expect((await write(key)).status).toBe(status);
    const second = await write(key);
    expect([second.status, replayed(second)]).toEqual([201, null]);
    expect(await second.json()).toEqual({ run: 2 });
    expect(handler).toHaveBeenCalledTimes(2);
  });
});

describe("a key", () => {
  it("is private: nobody reads another's answer by guessing it", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    await write(key, "{}", "/write", "ada");
    const other = await write(key, "{}", "/write", "bob");
    expect([other.status, replayed(other)]).toEqual([201, null]);
    expect(await other.json()).toEqual({ run: 2 });
    expect(handler).toHaveBeenCalledTimes(2);
  });

  it("means the same in quotes as bare", async ({ expect }) => {
    const { write, handler } = shop();
    const key = freshKey();
    await write(`"${key}"`);
    expect(replayed(await write(key))).toBe("true");
    expect(handler).toHaveBeenCalledTimes(1);
  });

  it.for([
    ["256 characters", "k".repeat(256)],
    ["nothing", ""],
    ["an empty string in quotes", '""'],
    ["a tab", "a\tb"],
    ["letters beyond ASCII", "schlüssel"],
  ])("cannot be %s", async ([, key], { expect }) => {
    const { write, handler } = shop();
    const response = await write(key);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      errors: [{ pointer: "/header/Idempotency-Key" }],
    });
    expect(handler).not.toHaveBeenCalled();
  });

  it("may be 255 characters", async ({ expect }) => {
    const { write } = shop();
    const key = freshKey().padEnd(255, "k");
    expect((await write(key)).status).toBe(201);
    expect(replayed(await write(key))).toBe("true");
  });

  it("is optional, unless the route needs it", async ({ expect }) => {
    const { write, handler } = shop();
    await write(undefined);
    expect(replayed(await write(undefined))).toBeNull();
    expect(handler).toHaveBeenCalledTimes(2);
    const strict = await write(undefined, "{}", "/strict");
    expect([strict.status, await typeOf(strict)]).toEqual([
      400,
      "/problems/idempotency-key-required",
    ]);
  });

  it("is paid for with two calls to its object, and one when it is a repeat", async ({
    expect,
  }) => {
    const { write } = shop();
    const key = freshKey();
    expect((await write(key)).headers.get("X-Round-Trips")).toBe("2");
    expect((await write(key)).headers.get("X-Round-Trips")).toBe("1");
  });
});
