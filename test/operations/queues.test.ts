import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { redriveLetters } from "../../src/operations/dead-letters.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import { watchQueues } from "../../src/operations/watch-queues.ts";
import { openIo } from "../../src/platform/io/io.ts";
import operationsWorker from "../../workers/operations/index.ts";
import ordersWorker from "../../workers/orders/index.ts";
import { ioAt, orderNow, placedWithPayment, recordingQueues } from "../orders/world.ts";
import { call } from "../support/worker-shop.ts";
import { deliver, lettersFrom, messageOf } from "../workers/deliver.ts";

const ownQueue = () => `q-${crypto.randomUUID().slice(0, 18)}`;
const keep = (queue: string, messageId: string, nowMs = Date.now(), body: unknown = { n: 1 }) =>
  keepDeadLetter(ioAt(nowMs), { queue, messageId, body, reason: "no retry helped" });

/** A queue that says how deep it is, or refuses to. */
const queueOf = (backlogCount: number | "silent") =>
  ({
    metrics: async () => {
      if (backlogCount === "silent") throw new Error("no metrics today");
      return { backlogCount, backlogBytes: 10, oldestMessageTimestamp: new Date(5_000) };
    },
  }) as unknown as Queue;

describe("GET /ops/v1/queues", () => {
  type State = {
    name: string;
    backlog: unknown;
    deadLetters: { waiting: number; oldestAt: string };
  };
  const states = async () => (await call<{ items: State[] }>("GET", "/ops/v1/queues")).body.items;

  it("shows every bound queue with its backlog, and letters of queues that are gone", async ({
    expect,
  }) => {
    const queue = ownQueue();
    await keep(queue, "m1", 1_000);
    await keep(queue, "m2", 2_000);
    const all = await states();
    for (const name of ["orders", "refunds", "comms"]) {
      expect(all.find((state) => state.name === name)?.backlog).toMatchObject({
        messages: expect.any(Number),
      });
    }
    expect(all.find((state) => state.name === queue)).toEqual({
      name: queue,
      backlog: null,
      deadLetters: { waiting: 2, oldestAt: "1970-01-01T00:00:01.000Z" },
    });
  });
});

describe("GET /ops/v1/queues/{name}/dead-letters", () => {
  it("is read page by page, the newest first, with each message", async ({ expect }) => {
    const queue = ownQueue();
    // Two at one moment: the page's edge stands between them.
    for (const [at, nowMs] of [1_000, 2_000, 2_000, 3_000].entries()) {
      await keep(queue, `m${at}`, nowMs, { n: at });
    }
    type Page = { items: { id: string; body: { n: number } }[]; nextCursor: string | null };
    const seen: number[] = [];
    let query = "?limit=2";
    for (let page = 0; page < 5 && query !== ""; page += 1) {
      const path = `/ops/v1/queues/${queue}/dead-letters${query}`;
      const { body } = await call<Page>("GET", path);
      seen.push(...body.items.map((item) => item.body.n));
      query = body.nextCursor ? `?limit=2&cursor=${encodeURIComponent(body.nextCursor)}` : "";
    }
    expect(seen).toEqual([3, 2, 1, 0]);
  });
});

describe("POST /ops/v1/queues/{name}/redrive", () => {
  const redrive = (queue: string, binding: Queue, ids?: string[], nowMs = Date.now()) =>
    redriveLetters(ioAt(nowMs), { queue: { name: queue, binding }, ids, limit: 100 });

  it("sends the waiting letters once, as they were, and marks them", async ({ expect }) => {
    const queue = ownQueue();
    const message = messageOf("ord_1" as never, 1, "order.placed.v1");
    await keep(queue, message.id, 1_000, message);
    const { queues, sent } = recordingQueues();
    expect(await redrive(queue, queues.ORDERS_QUEUE)).toEqual({
      redriven: [`${queue}:${message.id}`],
    });
    expect(sent.ORDERS_QUEUE).toEqual([message]);
    expect(await redrive(queue, queues.ORDERS_QUEUE)).toEqual({ redriven: [] });
    // By its name it is sent once more.
    await redrive(queue, queues.ORDERS_QUEUE, [`${queue}:${message.id}`]);
    expect(sent.ORDERS_QUEUE).toHaveLength(2);
  });

  it("marks nothing when the queue refuses", async ({ expect }) => {
    const queue = ownQueue();
    await keep(queue, "m1");
    const { queues } = recordingQueues(["ORDERS_QUEUE"]);
    await expect(redrive(queue, queues.ORDERS_QUEUE)).rejects.toThrow("is down");
    expect(await lettersFrom(queue)).toMatchObject([{ redrivenAtMs: null }]);
  });

  it("lets a letter that came back wait again", async ({ expect }) => {
    const queue = ownQueue();
    await keep(queue, "m1", 1_000);
    const { queues } = recordingQueues();
    await redrive(queue, queues.ORDERS_QUEUE, undefined, 2_000);
    expect(await lettersFrom(queue)).toMatchObject([{ redrivenAtMs: 2_000 }]);
    await keep(queue, "m1", 3_000);
    expect(await lettersFrom(queue)).toMatchObject([{ arrivals: 2, redrivenAtMs: null }]);
    expect((await redrive(queue, queues.ORDERS_QUEUE)).redriven).toHaveLength(1);
  });

  it("repairs: an order whose message had died is captured after it", async ({ expect }) => {
    const { orderId } = await placedWithPayment();
    const queue = ownQueue();
    const message = messageOf(orderId, 1, "order.placed.v1");
    await deliver(operationsWorker, `${queue}-dlq`, [message]);
    const { queues, sent } = recordingQueues();
    await redrive(queue, queues.ORDERS_QUEUE);
    await deliver(ordersWorker, "orders", sent.ORDERS_QUEUE);
    expect((await orderNow(orderId)).status).toBe("paid");
  });

  it("leaves an audit row, answers the same to the same key, and knows no other queue", async ({
    expect,
  }) => {
    const id = `m-${crypto.randomUUID()}`;
    await keep("comms", id, Date.now(), "nobody can read this");
    const letter = `comms:${id}`;
    const options = {
      body: { ids: [letter] },
      headers: { "Idempotency-Key": crypto.randomUUID() },
    };
    const path = "/ops/v1/queues/comms/redrive";
    const first = await call("POST", path, options);
    expect([first.status, first.body]).toEqual([200, { redriven: [letter] }]);
    expect((await call("POST", path, options)).body).toEqual(first.body);
    type Audit = { items: { action: string; outcome: { redriven?: string[] } | null }[] };
    const { body } = await call<Audit>("GET", "/ops/v1/audit?limit=100");
    const rows = body.items.filter(({ outcome }) => outcome?.redriven?.includes(letter));
    expect(rows.map(({ action }) => action)).toEqual(["queue.redriven"]);
    expect((await call("POST", "/ops/v1/queues/nowhere/redrive", { body: {} })).status).toBe(404);
  });
});

describe("the watch over the queues", () => {
  const io = (nowMs: number) =>
    openIo({ ...env, QUEUE_DEPTH_ALERT: "50" }, "t", undefined, { nowMs: () => nowMs });
  type Alert = { id: string; at: string; resolvedAt: string | null; detail: unknown };
  async function alertOf(id: string) {
    let cursor = "";
    for (let page = 0; page < 20; page += 1) {
      const { body } = await call<{ items: Alert[]; nextCursor: string | null }>(
        "GET",
        `/ops/v1/alerts?limit=100${cursor}`,
      );
      const found = body.items.find((each) => each.id === id);
      if (found || !body.nextCursor) return found;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    return undefined;
  }

  it("raises an alert at the depth, keeps its beginning, and ends it", async ({ expect }) => {
    const name = ownQueue();
    const [second, id] = [1_900_000_000_000, `queue_depth:${name}`];
    const watch = (depth: number | "silent", seconds: number) =>
      watchQueues(io(second + seconds * 1_000), new Map([[name, queueOf(depth)]]));
    await watch(49, 0);
    expect(await alertOf(id)).toBeUndefined();
    await watch(50, 1);
    await watch(70, 2);
    const at = new Date(second + 1_000).toISOString();
    const standing = { at, resolvedAt: null, detail: { messages: 70 } };
    expect(await alertOf(id)).toMatchObject(standing);
    await watch("silent", 3);
    expect(await alertOf(id)).toMatchObject(standing);
    await watch(3, 4);
    const resolvedAt = new Date(second + 4_000).toISOString();
    expect(await alertOf(id)).toMatchObject({ at, resolvedAt });
    await watch(60, 5);
    expect(await alertOf(id)).toMatchObject({
      at: new Date(second + 5_000).toISOString(),
      resolvedAt: null,
    });
  });

  it("raises an alert for dead letters until they are sent again", async ({ expect }) => {
    const name = ownQueue();
    await keep(name, "m1");
    const { queues } = recordingQueues();
    const watch = () => watchQueues(io(Date.now()), new Map([[name, queueOf(0)]]));
    await watch();
    expect(await alertOf(`dead_letters:${name}`)).toMatchObject({ resolvedAt: null });
    await redriveLetters(ioAt(), { queue: { name, binding: queues.ORDERS_QUEUE }, limit: 10 });
    await watch();
    expect((await alertOf(`dead_letters:${name}`))?.resolvedAt).not.toBeNull();
  });

  it("names the queues that are so full that no more should be put into them", async ({
    expect,
  }) => {
    const [full, deep] = [ownQueue(), ownQueue()];
    const queues = new Map([
      [full, queueOf(100_000)],
      [deep, queueOf(99_999)],
    ]);
    expect((await watchQueues(io(Date.now()), queues)).full).toEqual([full]);
  });
});
