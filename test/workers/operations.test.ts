import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { contentPurges } from "../../src/content/documents.ts";
import { keepDeadLetter } from "../../src/operations/keep-dead-letter.ts";
import { openIo } from "../../src/platform/io/io.ts";
import worker, { type OperationsEnv } from "../../workers/operations/index.ts";
import { newOrderId } from "../orders/placed-order.ts";
import { ioAt, recordingQueues } from "../orders/world.ts";
import { deliver, lettersFrom, messageOf } from "./deliver.ts";

describe("the dead-letter queues", () => {
  it("empty into the database, whatever the messages are", async ({ expect }) => {
    const queue = `q${crypto.randomUUID()}`;
    const bodies = [{ id: "evt_1", text: 'it\'s "that" \\ \n' }, "text", 7, null, ["x"]];
    expect(await deliver(worker, `${queue}-dlq`, bodies)).toEqual({ acked: 5, retried: 0 });
    const letters = await lettersFrom(queue);
    expect(letters.map(({ body }) => body).sort()).toEqual(
      bodies.map((body) => JSON.stringify(body)).sort(),
    );
    expect(letters[0]).toMatchObject({ arrivals: 1 });
  });

  it("make one letter of an event that was sent several times", async ({ expect }) => {
    const queue = `q${crypto.randomUUID()}`;
    const event = messageOf(newOrderId(), 1, "order.placed.v1");
    expect(await deliver(worker, `${queue}-dlq`, [event, event])).toEqual({ acked: 2, retried: 0 });
    expect(await lettersFrom(queue)).toMatchObject([{ id: `${queue}:${event.id}`, arrivals: 2 }]);
  });

  it("keep their messages while the database is away", async ({ expect }) => {
    const queue = `q${crypto.randomUUID()}`;
    const away = { MYSQL_URL: "http://u:p@127.0.0.1:9" } as object;
    expect(await deliver(worker, `${queue}-dlq`, [{ n: 1 }, { n: 2 }], away)).toEqual({
      acked: 0,
      retried: 2,
    });
    expect(await lettersFrom(queue)).toEqual([]);
  });
});

describe("the clock", () => {
  it("sweeps what it can while a database is away, and reports that it could not do all", async ({
    expect,
  }) => {
    const { documents } = openIo(env, "test");
    const id = `evt_${crypto.randomUUID().replaceAll("-", "")}`;
    await documents.insert(contentPurges).values({ id, tags: ["block:blk_1"], notedAtMs: 0 });
    const away = { ...env, ...recordingQueues().queues, MYSQL_URL: "http://u:p@127.0.0.1:9" };
    const swept = worker.scheduled(createScheduledController(), away as OperationsEnv);
    await expect(swept).rejects.toThrow();
    expect(await documents.select().from(contentPurges).where(eq(contentPurges.id, id))).toEqual(
      [],
    );
  });
});

describe("keepDeadLetter", () => {
  it("counts a message that came back after it was redriven", async ({ expect }) => {
    const queue = `q${crypto.randomUUID()}`;
    const letter = { queue, messageId: "m1", body: { a: 1 }, reason: "r".repeat(5_000) };
    await keepDeadLetter(ioAt(1_000), letter);
    await keepDeadLetter(ioAt(2_000), letter);
    const letters = await lettersFrom(queue);
    expect(letters).toMatchObject([{ arrivals: 2, firstAtMs: 1_000, lastAtMs: 2_000 }]);
    expect(letters[0]?.reason).toHaveLength(1_000);
  });
});
