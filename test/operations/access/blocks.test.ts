import { env } from "cloudflare:workers";
import { beforeAll, describe, it, vi } from "vitest";
import { reconcileStanding } from "../../../src/operations/access/reconcile-standing.ts";
import { shedWhileFull } from "../../../src/operations/access/shed-while-full.ts";
import { SHELVES } from "../../../src/operations/access/standing.ts";
import { appendFacts, edgeFeed } from "../../../src/platform/edge/index.ts";
import { openIo } from "../../../src/platform/io/io.ts";
import { call } from "../../support/worker-shop.ts";

type Block = { kind: string; value: string; reason: string; by: string; until: string | null };
type Problem = { errors: { pointer: string; code: string }[] };

/** An address of this test's own, from the range that is kept for benchmarks. */
const ownAddress = () => {
  const [a = 0, b = 0] = crypto.getRandomValues(new Uint8Array(2));
  return `198.18.${a}.${b}`;
};
const block = (body: object) =>
  call<Block & { effectiveBy: string }>("POST", "/ops/v1/blocks", { body });
const list = async () => {
  const items: Block[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const page: { body: { items: Block[]; nextCursor: string | null } } = await call(
      "GET",
      `/ops/v1/blocks?limit=3${query}`,
    );
    items.push(...page.body.items);
    cursor = page.body.nextCursor;
  }
  return items;
};
const from = (address: string, agent?: string) => ({
  "CF-Connecting-IP": address,
  ...(agent && { "User-Agent": agent }),
});
const browse = async (headers: Record<string, string>) =>
  (await call("GET", "/api/v2/products?limit=2", { headers })).status;
const becomes = (status: number, headers: Record<string, string>) =>
  vi.waitFor(
    async () => {
      const now = await browse(headers);
      if (now !== status) throw new Error(`${now}`);
    },
    { timeout: 5_000, interval: 100 },
  );

describe("/ops/v1/blocks", () => {
  it("refuses an address from when it says on, says why it is blocked, and lets it in again", async ({
    expect,
  }) => {
    const address = ownAddress();
    expect(await browse(from(address))).toBe(200);
    const { status, body } = await block({ address, reason: "scraping" });
    expect(status).toBe(201);
    expect(body).toMatchObject({ kind: "network", value: `${address}/32`, reason: "scraping" });
    expect(Date.parse(body.effectiveBy) - Date.now()).toBeLessThanOrEqual(1_000);
    await becomes(403, from(address));
    expect((await list()).find(({ value }) => value === `${address}/32`)).toMatchObject({
      reason: "scraping",
      by: "local",
      until: null,
    });
    const path = `/ops/v1/blocks?address=${address}`;
    expect((await call("DELETE", path)).status).toBe(200);
    await becomes(200, from(address));
    expect((await call("DELETE", path)).status).toBe(404);
  });

  it("takes networks of both kinds and agents, named in a body to end them", async ({ expect }) => {
    const own = crypto.randomUUID().slice(0, 4);
    const cidr = `2001:db8:${own}::/48`;
    const userAgent = `Scraper-${crypto.randomUUID()}`;
    for (const target of [{ cidr }, { userAgent }]) expect((await block(target)).status).toBe(201);
    await becomes(403, from(`2001:db8:${own}:1::5`));
    await becomes(403, from(ownAddress(), `Mozilla/5.0 ${userAgent.toLowerCase()}/2.0`));
    expect(await browse(from(ownAddress(), "Mozilla/5.0"))).toBe(200);
    const values = (await list()).map(({ kind, value }) => `${kind} ${value}`);
    expect(values).toContain(`agent *${userAgent.toLowerCase()}*`);
    for (const body of [{ cidr }, { userAgent }]) {
      expect((await call("DELETE", "/ops/v1/blocks", { body })).status).toBe(200);
    }
    await becomes(200, from(`2001:db8:${own}:1::5`));
  });

  it("ends a block by itself", async ({ expect }) => {
    const address = ownAddress();
    const until = new Date(Date.now() + 1_500).toISOString();
    await block({ address, until });
    await becomes(403, from(address));
    await becomes(200, from(address));
    expect((await list()).some(({ value }) => value === `${address}/32`)).toBe(false);
  });

  it("keeps a row of who did it", async ({ expect }) => {
    const address = ownAddress();
    await block({ address, reason: "for the log" });
    await call("DELETE", "/ops/v1/blocks", { body: { address } });
    const { body } = await call<{ items: { action: string; target: { address?: string } }[] }>(
      "GET",
      "/ops/v1/audit?limit=20",
    );
    const acts = body.items.filter(({ target }) => target.address === address);
    expect(acts.map(({ action }) => action)).toEqual(["access.unblocked", "access.blocked"]);
  });

  it.for([
    [{}, ""],
    [{ address: "198.18.0.1", cidr: "198.18.0.0/16" }, ""],
    [{ address: "198.18.0.0/16" }, "/address"],
    [{ address: "no address" }, "/address"],
    [{ cidr: "0.0.0.0/0" }, "/cidr"],
    [{ cidr: "198.0.0.0/7" }, "/cidr"],
    [{ cidr: "::/0" }, "/cidr"],
    [{ cidr: "198.18.0.1" }, "/cidr"],
    [{ userAgent: "*" }, "/userAgent"],
    [{ userAgent: "a*b*c" }, "/userAgent"],
    [{ userAgent: "bad\nbot" }, "/userAgent"],
    [{ address: "198.18.0.1", until: "2020-01-01T00:00:00Z" }, "/until"],
    [{ address: "198.18.0.1", reason: "two\nlines" }, "/reason"],
  ] as const)("refuses %j", async ([body, pointer], { expect }) => {
    const answer = await call<Problem>("POST", "/ops/v1/blocks", { body });
    expect([answer.status, answer.body.errors[0]?.pointer]).toEqual([422, pointer]);
  });
});

describe("/ops/v1/flags", () => {
  type Flags = { items: { name: string; value: string }[] };
  const put = (flags: object) => call("PUT", "/ops/v1/flags", { body: { flags } });

  it("sets some, leaves others, and removes what is null", async ({ expect }) => {
    const name = `test-${crypto.randomUUID().slice(0, 8)}`;
    const [one, two] = [`${name}.one`, `${name}.two`];
    expect((await put({ [one]: true, [two]: "blue" })).status).toBe(200);
    await put({ [one]: false });
    const read = async () => {
      const { body } = await call<Flags>("GET", "/ops/v1/flags");
      const own = body.items.filter((flag) => flag.name.startsWith(name));
      return Object.fromEntries(own.map((flag) => [flag.name, flag.value]));
    };
    expect(await read()).toEqual({ [one]: "off", [two]: "blue" });
    await put({ [one]: null, [two]: null });
    expect(await read()).toEqual({});
  });

  it("pause the routes that do much, and no others", async ({ expect }) => {
    const pay = () => call<{ type: string }>("POST", "/api/v2/processorder", { body: {} });
    const pausing = await put({ "pause-checkout": true });
    expect(pausing.status).toBe(200);
    try {
      // Somebody from outside asks, so this isolate hears of it within a second.
      await vi.waitFor(async () => {
        await browse(from(ownAddress()));
        const { status, body, headers } = await pay();
        expect([status, body.type]).toEqual([503, "/problems/overloaded"]);
        expect(headers.get("Retry-After")).toBe("30");
      }, 5_000);
      expect((await call("GET", "/api/v2/cart")).status).toBe(200);
    } finally {
      await put({ "pause-checkout": null });
    }
    await vi.waitFor(async () => {
      await browse(from(ownAddress()));
      expect((await pay()).status).not.toBe(503);
    }, 5_000);
  });

  it("are set by the clock while queues are full, for no longer than that", async ({ expect }) => {
    const io = openIo(env, "test");
    await shedWhileFull(io, env, []);
    const flag = async () => {
      const { body } = await call<{ items: { name: string; value: string; until: string }[] }>(
        "GET",
        "/ops/v1/flags",
      );
      return body.items.find(({ name }) => name === "queues-full");
    };
    expect(await flag()).toBeUndefined();
    await shedWhileFull(io, env, ["orders", "comms"]);
    try {
      const set = await flag();
      expect(set?.value).toBe("orders comms");
      expect(Date.parse(set!.until) - Date.now()).toBeLessThanOrEqual(90_000);
    } finally {
      await put({ "queues-full": null });
    }
  });

  it.for([{}, { "UPPER case": true }, { x: 7 }, { x: "" }, { x: "a\nb" }])(
    "refuses %j",
    async (flags, { expect }) => {
      expect((await put(flags)).status).toBe(422);
    },
  );
});

describe("the feed and Redis", () => {
  /** A feed of this test's own, over the blocks that there are. */
  const world = () => {
    const name = `test_${crypto.randomUUID()}`;
    const feed = {
      EDGE_FEED: { getByName: () => env.EDGE_FEED.getByName(name) },
    } as unknown as Pick<Env, "EDGE_FEED">;
    const io = openIo(env, "test");
    return { feed, io, standing: async () => edgeFeed(feed).standing("block") };
  };
  const settle = async ({ feed, io }: ReturnType<typeof world>) => reconcileStanding(io, feed);

  // The marker stands from the first run of the clock on.
  beforeAll(() => settle(world()).then(() => undefined));

  it("agree again after the feed lost everything", async ({ expect }) => {
    const address = ownAddress();
    const agent = `lost-${crypto.randomUUID()}`;
    await block({ address, reason: "stays" });
    await block({ userAgent: agent });
    const empty = world();
    expect((await settle(empty)).told).toBeGreaterThanOrEqual(2);
    const values = (await empty.standing()).map(({ value }) => value);
    expect(values).toEqual(expect.arrayContaining([`${address}/32`, `agent:*${agent}*`]));
    expect(await settle(empty)).toEqual({ told: 0, untold: 0, restored: 0 });
  });

  it("agree again after the feed went back to a backup: what was undone since is undone", async ({
    expect,
  }) => {
    const old = world();
    const value = `${ownAddress()}/32`;
    await appendFacts(old.feed, old.io.meter, [{ kind: "block", value }]);
    expect((await settle(old)).untold).toBe(1);
    expect((await old.standing()).some((fact) => fact.value === value)).toBe(false);
  });

  it("do not undo what was said anew since it was read", async ({ expect }) => {
    const { feed, io, standing } = world();
    const value = `${ownAddress()}/32`;
    await appendFacts(feed, io.meter, [{ kind: "block", value }]);
    const read = await standing();
    await appendFacts(feed, io.meter, [{ kind: "block", value, data: "again" }]);
    expect(await edgeFeed(feed).retract("block", read)).toBe(0);
    expect((await standing()).map((fact) => fact.value)).toEqual([value]);
  });

  it("agree again after Redis lost everything: no block ends because of that", async ({
    expect,
  }) => {
    const address = ownAddress();
    await block({ address, reason: "survives" });
    const kept = world();
    await settle(kept);
    await kept.io.redis("blocklist", (client) => client.del(SHELVES.network.key));
    expect((await settle(kept)).restored).toBeGreaterThanOrEqual(1);
    const found = (await list()).find(({ value }) => value === `${address}/32`);
    expect(found).toMatchObject({ reason: "survives", by: "local" });
    expect((await kept.standing()).some(({ value }) => value === `${address}/32`)).toBe(true);
  });
});
