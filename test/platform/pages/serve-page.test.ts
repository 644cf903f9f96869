import { beforeAll, describe, it } from "vitest";
import { DependencyDown } from "../../../src/platform/dependency.ts";
import { gate, openWorld, type TestRender } from "./page-world.ts";

const down: TestRender = async () => {
  throw new DependencyDown("replica");
};

// The first call to an object waits for its class to load, which is not what is measured here.
beforeAll(async () => {
  await openWorld().openIsolate().ask();
});

describe("the layers together", () => {
  it("fill the faster ones from the slower, each for one step more", async ({ expect }) => {
    const { openIsolate, truth } = openWorld();
    const first = openIsolate();
    // Cold: the data centre's cache beside the feed, then KV. The render here takes no step.
    expect(await first.ask()).toMatchObject({ from: "miss", steps: 2 });
    await first.settle();
    expect(await first.ask()).toMatchObject({ from: "hit-memory", steps: 0 });

    const neighbour = openIsolate();
    expect(await neighbour.ask()).toMatchObject({ from: "hit-pop", steps: 1 });
    expect(await neighbour.ask()).toMatchObject({ from: "hit-memory", steps: 0 });

    const abroad = openIsolate({ pop: "there" });
    expect(await abroad.ask()).toMatchObject({ from: "hit-global", steps: 2 });
    await abroad.settle();
    expect(await abroad.ask()).toMatchObject({ from: "hit-memory", steps: 0 });
    expect(await openIsolate({ pop: "there" }).ask()).toMatchObject({ from: "hit-pop" });
    expect(truth.renders).toEqual(["replica"]);
  });

  it("bring an entry back as it was stored", async ({ expect }) => {
    const { openIsolate } = openWorld();
    const { ask, settle } = openIsolate();
    const { entry } = await ask();
    await settle();
    for (const from of ["here", "there"]) {
      expect((await openIsolate({ pop: from }).ask()).entry).toEqual(entry);
    }
  });

  it("that do not answer are passed over", async ({ expect }) => {
    const { ask } = openWorld().openIsolate({ hangs: true });
    expect(await ask()).toMatchObject({ from: "miss", body: { version: 1 } });
    expect(await ask()).toMatchObject({ from: "hit-memory" });
  });

  it("are all emptied by a purge, which one render then mends for all", async ({ expect }) => {
    const { openIsolate, truth, purge, pass } = openWorld();
    const isolates = [openIsolate(), openIsolate(), openIsolate({ pop: "there" })];
    for (const { ask, settle } of isolates) {
      await ask();
      await settle();
    }
    truth.version = 2;
    await purge("product:a");
    pass(1_001);
    const answers = [];
    for (const { ask, settle } of isolates) {
      answers.push(await ask());
      await settle();
    }
    expect(answers.map(({ body }) => body)).toEqual([2, 2, 2].map((version) => ({ version })));
    // The third finds KV's copy, or renders where KV has not passed its pace yet.
    expect(answers.slice(0, 2).map(({ from }) => from)).toEqual(["miss", "hit-pop"]);
  });

  it("leave alone what does not show the purged", async ({ expect }) => {
    const { openIsolate, purge, pass } = openWorld();
    const { ask } = openIsolate();
    await ask();
    await purge("product:b", "category:c");
    pass(1_001);
    expect(await ask()).toMatchObject({ from: "hit-memory" });
  });

  it("are emptied by a purge of everything, and by the page's own tag", async ({ expect }) => {
    const { openIsolate, append, purge, pass } = openWorld();
    const { ask } = openIsolate();
    await ask();
    await append({ kind: "purge_all", value: "" });
    pass(1_001);
    const { entry, from } = await ask();
    expect(from).toBe("miss");
    await purge(entry!.tags.find((tag) => tag.startsWith("page:"))!);
    pass(1_001);
    expect((await ask()).from).toBe("miss");
  });

  it("end with the page's own end and with the greatest age", async ({ expect }) => {
    const { openIsolate, pass, clock, truth } = openWorld();
    const { ask, settle } = openIsolate();
    const sale: TestRender = async () => ({
      body: { version: truth.version },
      tags: ["product:a"],
      validUntilMs: clock.nowMs() + 90_000,
    });
    await ask("sale", sale);
    await ask();
    await settle();
    pass(89_000);
    expect((await ask("sale", sale)).from).toBe("hit-memory");
    pass(1_001);
    expect((await ask("sale", sale)).from).toBe("miss");
    pass(60 * 60 * 1000);
    expect((await ask()).from).toBe("miss");
  });

  it("keep nothing of what does not exist or is not whole", async ({ expect }) => {
    const { openIsolate } = openWorld();
    const { ask, pages, settle } = openIsolate();
    let renders = 0;
    const none: TestRender = async () => {
      renders += 1;
      return undefined;
    };
    expect((await ask("none", none)).from).toBeUndefined();
    await ask("none", none);
    const partial: TestRender = async () => ({ body: {}, tags: [], storable: false });
    expect(await ask("partial", partial)).toMatchObject({ from: "miss", doubt: "incomplete" });
    await settle();
    expect([renders, pages.memory.size]).toEqual([2, 0]);
    expect(await openIsolate().ask("partial", partial)).toMatchObject({ from: "miss" });
  });
});

describe("a render", () => {
  it("that began before a purge is never served after it", async ({ expect }) => {
    const { openIsolate, purge, pass, truth, render } = openWorld();
    const { ask, settle } = openIsolate();
    const [read, go] = [gate(), gate()];
    let isFirst = true;
    const slow: TestRender = async (source) => {
      const page = await render(source);
      if (isFirst) {
        isFirst = false;
        read.resolve();
        await go.promise;
      }
      return page;
    };
    const asked = ask("page", slow);
    await read.promise;
    truth.version = 2;
    await purge("product:a");
    pass(1_001);
    go.resolve();
    // It looks at the feed again before it answers, and so renders once more, from the truth.
    expect(await asked).toMatchObject({ from: "miss", body: { version: 2 } });
    expect(truth.renders).toEqual(["replica", "primary"]);
    await settle();
    for (const isolate of [openIsolate(), openIsolate({ pop: "there" })]) {
      expect(await isolate.ask()).toMatchObject({ body: { version: 2 } });
    }
  });

  it("that finishes within the second is stored with its old position", async ({ expect }) => {
    const { openIsolate, purge, pass, truth, render } = openWorld();
    const { ask, settle } = openIsolate();
    const slow: TestRender = async (source) => {
      const page = await render(source);
      truth.version = 2;
      await purge("product:a");
      return page;
    };
    expect(await ask("page", slow)).toMatchObject({ body: { version: 1 } });
    await settle();
    pass(1_001);
    for (const isolate of [openIsolate(), openIsolate({ pop: "there" })]) {
      expect(await isolate.ask()).toMatchObject({ body: { version: 2 } });
    }
    expect(await ask()).toMatchObject({ body: { version: 2 } });
  });

  it("reads the primary while a replica may lag behind a purge, and only then", async ({
    expect,
  }) => {
    const { openIsolate, purge, pass, truth } = openWorld();
    const isolate = openIsolate();
    await isolate.ask();
    await purge("product:a");
    pass(1_001);
    await isolate.ask(); // Known to show what was purged: the primary at once.
    expect(truth.renders).toEqual(["replica", "primary"]);
    await openIsolate().ask("another"); // Not known: the replica, and then the primary.
    expect(truth.renders).toEqual(["replica", "primary", "replica", "primary"]);
    pass(10_000);
    await openIsolate().ask("a third");
    expect(truth.renders.slice(4)).toEqual(["replica"]);
  });
});

describe("misses of one key", () => {
  it("are one render, however many ask", async ({ expect }) => {
    const { openIsolate, truth } = openWorld();
    const { ask } = openIsolate();
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(truth.renders).toHaveLength(1);
    expect(new Set(answers.map(({ entry }) => entry!.etag)).size).toBe(1);
  });

  it("do not wait for one whose request was dropped", async ({ expect }) => {
    const { openIsolate, render } = openWorld();
    const { ask, pages } = openIsolate();
    const lost = ask("page", () => new Promise(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const startedAtMs = Date.now();
    expect(await ask("page", render)).toMatchObject({ from: "miss", body: { version: 1 } });
    expect(Date.now() - startedAtMs).toBeLessThan(4_000);
    expect(pages.flights.size).toBe(0);
    void lost;
  });

  it("take no answer that is older than a purge they know of", async ({ expect }) => {
    const { openIsolate, purge, pass, truth, render } = openWorld();
    const { ask } = openIsolate();
    const [read, go] = [gate(), gate()];
    const slow: TestRender = async (source) => {
      const page = await render(source);
      read.resolve();
      await go.promise;
      return page;
    };
    const early = ask("page", slow);
    await read.promise;
    truth.version = 2;
    await purge("product:a");
    pass(1_001);
    const late = ask("page", render);
    go.resolve();
    expect(await late).toMatchObject({ body: { version: 2 } });
    await early;
  });

  it("take no absence that is older than a purge they know of", async ({ expect }) => {
    const { openIsolate, purge, pass, render } = openWorld();
    const { ask } = openIsolate();
    const [read, go] = [gate(), gate()];
    const early = ask("page", async () => {
      read.resolve();
      await go.promise;
      return undefined;
    });
    await read.promise;
    // The product is published while the first still waits for what it read.
    await purge("product:a");
    pass(1_001);
    const late = ask("page", render);
    await new Promise((resolve) => setTimeout(resolve, 50));
    go.resolve();
    expect((await early).from).toBeUndefined();
    expect(await late).toMatchObject({ from: "miss", body: { version: 1 } });
  });

  it("share a failure too", async ({ expect }) => {
    const { openIsolate } = openWorld();
    const { ask } = openIsolate();
    let renders = 0;
    const failing: TestRender = async () => {
      renders += 1;
      throw new DependencyDown("replica");
    };
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => ask("page", failing)));
    expect(asked.every(({ status }) => status === "rejected")).toBe(true);
    expect(renders).toBe(1);
  });
});

describe("without the feed", () => {
  it("pages are served, marked, for the grace; then only renders, which nobody keeps", async ({
    expect,
  }) => {
    const { openIsolate, pass, setFeedDown, truth } = openWorld();
    const { ask, settle, reader } = openIsolate();
    await ask();
    await settle();
    setFeedDown(true);
    pass(900);
    expect(await ask()).toMatchObject({ from: "hit-memory", doubt: undefined });
    pass(600);
    expect(await ask()).toMatchObject({ from: "hit-memory", doubt: "feed-unreachable" });
    pass(9_000);
    truth.version = 2;
    expect(reader.state(Date.now() + 10_599)).toBe("blind");
    expect(await ask()).toMatchObject({ from: "miss", doubt: undefined, body: { version: 2 } });
    truth.version = 3;
    expect(await ask()).toMatchObject({ from: "miss", body: { version: 3 } });
    await settle();
    setFeedDown(false);
    pass(600);
    // What was kept before is right again, as nothing was purged.
    expect(await ask()).toMatchObject({ from: "hit-memory", body: { version: 1 } });
  });

  it("a new isolate only renders", async ({ expect }) => {
    const { openIsolate, setFeedDown } = openWorld();
    const first = openIsolate();
    await first.ask();
    await first.settle();
    setFeedDown(true);
    expect(await openIsolate().ask()).toMatchObject({ from: "miss" });
  });

  it("a feed that has forgotten ends what it can no longer vouch for", async ({ expect }) => {
    const { openIsolate, pass, purge, truth } = openWorld();
    const { ask, reader } = openIsolate();
    await ask();
    truth.version = 2;
    // More purges than the feed keeps: the floor rises above the page.
    const tags = Array.from({ length: 9_999 }, (_, index) => `product:p${index}`);
    await purge("product:a", ...tags);
    for (let part = 1; part < 6; part += 1) {
      await purge(...tags.map((tag) => `${tag}_${part}`));
    }
    pass(1_001);
    expect(await ask()).toMatchObject({ from: "miss", body: { version: 2 } });
    expect(reader.view.purgeCount).toBeLessThanOrEqual(50_000);
  });
});

describe("without the database", () => {
  it("a purged page is served, marked, for its grace; then the failure", async ({ expect }) => {
    const { openIsolate, purge, pass } = openWorld();
    const { ask } = openIsolate();
    await ask();
    await purge("product:a");
    pass(1_001);
    expect(await ask("page", down)).toMatchObject({ from: "stale", doubt: "render-failed" });
    pass(4 * 60 * 1000);
    expect(await ask("page", down)).toMatchObject({ from: "stale" });
    pass(60 * 1000);
    await expect(ask("page", down)).rejects.toThrow("replica is unavailable");
  });

  it("it is asked once a second for a page, not by every shopper", async ({ expect }) => {
    const { openIsolate, purge, pass, render } = openWorld();
    const { ask } = openIsolate();
    await ask();
    await purge("product:a");
    pass(1_001);
    let renders = 0;
    const failing: TestRender = (source) => {
      renders += 1;
      return down(source);
    };
    for (let asked = 0; asked < 10; asked += 1) await ask("page", failing);
    expect(renders).toBe(1);
    pass(1_001);
    expect(await ask("page", render)).toMatchObject({ from: "miss" });
  });

  it("an isolate that never had the page finds an old one in the slower layers", async ({
    expect,
  }) => {
    const { openIsolate, purge, pass } = openWorld();
    const first = openIsolate();
    await first.ask();
    await first.settle();
    await purge("product:a");
    pass(1_001);
    for (const pop of ["here", "there"]) {
      expect(await openIsolate({ pop }).ask("page", down)).toMatchObject({ from: "stale" });
    }
  });

  it("a bug is no weather: it is not hidden behind an old page", async ({ expect }) => {
    const { openIsolate, purge, pass } = openWorld();
    const { ask } = openIsolate();
    await ask();
    await purge("product:a");
    pass(1_001);
    const buggy: TestRender = async () => {
      throw new TypeError("a bug");
    };
    await expect(ask("page", buggy)).rejects.toThrow("a bug");
  });
});
