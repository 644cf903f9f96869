import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import {
  ANSWER_KEPT_MS,
  ANSWERS_MIGRATION,
  type Answer,
  Answers,
  fingerprintOf,
} from "../../../src/platform/objects/answers.ts";
import { migrate } from "../../../src/platform/objects/migrate.ts";

/** Answers in the SQLite of an object of this test's own. */
const withAnswers = <T>(act: (answers: Answers, count: () => number) => T): Promise<T> =>
  runInDurableObject(env.IDEMPOTENCY.getByName(crypto.randomUUID()), (_, { storage }) => {
    migrate(storage, [ANSWERS_MIGRATION]);
    const count = () => Number(storage.sql.exec("SELECT COUNT(*) AS n FROM answer").one().n);
    return act(new Answers(storage.sql), count);
  });

const answer = (body: string): Answer => ({ status: 201, body, headers: { Location: "/x" } });
const NOW = 1_800_000_000_000;
const LEASE_MS = 30_000;

describe("Answers", () => {
  it("gives a key to the first that claims it, and its answer to the others", async ({
    expect,
  }) => {
    await withAnswers((answers) => {
      expect(answers.claim("k", "f", NOW)).toEqual({ kind: "new" });
      expect(answers.claim("k", "f", NOW)).toEqual({ kind: "running" });
      answers.settle("k", answer("a"));
      expect(answers.claim("k", "f", NOW)).toEqual({ kind: "replay", answer: answer("a") });
      expect(answers.claim("other", "f", NOW)).toEqual({ kind: "new" });
    });
  });

  it("tells another request under a used key, running or answered", async ({ expect }) => {
    await withAnswers((answers) => {
      answers.claim("k", "f", NOW);
      expect(answers.claim("k", "g", NOW)).toEqual({ kind: "conflict" });
      // Not even when the first one's runner has died: its work may have taken effect.
      expect(answers.claim("k", "g", NOW + LEASE_MS + 1)).toEqual({ kind: "conflict" });
      answers.settle("k", answer("a"));
      expect(answers.claim("k", "g", NOW)).toEqual({ kind: "conflict" });
    });
  });

  it("takes over a claim whose runner died, once", async ({ expect }) => {
    await withAnswers((answers) => {
      answers.claim("k", "f", NOW);
      expect(answers.claim("k", "f", NOW + LEASE_MS - 1)).toEqual({ kind: "running" });
      expect(answers.claim("k", "f", NOW + LEASE_MS)).toEqual({ kind: "new" });
      expect(answers.claim("k", "f", NOW + LEASE_MS + 1)).toEqual({ kind: "running" });
    });
  });

  it("never tells a second thing to who was told a first", async ({ expect }) => {
    await withAnswers((answers) => {
      answers.claim("k", "f", NOW);
      answers.settle("k", answer("first"));
      answers.settle("k", answer("second"));
      answers.release("k");
      expect(answers.claim("k", "f", NOW)).toEqual({ kind: "replay", answer: answer("first") });
    });
  });

  it("gives a key back for a request that came to nothing", async ({ expect }) => {
    await withAnswers((answers) => {
      answers.claim("k", "f", NOW);
      answers.release("k");
      // Any request may have it now, as if it had never been used.
      expect(answers.claim("k", "g", NOW)).toEqual({ kind: "new" });
    });
  });

  it("keeps an answer for more than the day that is promised, and not for ever", async ({
    expect,
  }) => {
    await withAnswers((answers, count) => {
      answers.claim("k", "f", NOW);
      answers.settle("k", answer("a"));
      const dayMs = 24 * 60 * 60 * 1000;
      expect(answers.claim("k", "f", NOW + dayMs + 1)).toMatchObject({ kind: "replay" });
      expect(answers.claim("k", "f", NOW + ANSWER_KEPT_MS + 1)).toEqual({ kind: "new" });
      expect(count()).toBe(1);
    });
  });

  it("remembers a bounded number, the newest", async ({ expect }) => {
    await withAnswers((answers, count) => {
      for (let i = 0; i < 1_050; i += 1) {
        answers.claim(`k${i}`, "f", NOW + i);
        answers.settle(`k${i}`, answer(String(i)));
      }
      expect(count()).toBeLessThanOrEqual(1_001);
      expect(answers.claim("k1049", "f", NOW + 1_050)).toMatchObject({ kind: "replay" });
      expect(answers.claim("k0", "f", NOW + 1_050)).toEqual({ kind: "new" });
    });
  });
});

describe("fingerprintOf", () => {
  it("is the same for one JSON value, however its keys stand", async ({ expect }) => {
    const one = await fingerprintOf("POST", "/a", { x: 1, y: { b: 2, a: [3, 4] } });
    expect(await fingerprintOf("POST", "/a", { y: { a: [3, 4], b: 2 }, x: 1 })).toBe(one);
  });

  it("differs by method, path and anything in the body", async ({ expect }) => {
    const all = await Promise.all([
      fingerprintOf("POST", "/a", { x: [1, 2] }),
      fingerprintOf("PUT", "/a", { x: [1, 2] }),
      fingerprintOf("POST", "/b", { x: [1, 2] }),
      fingerprintOf("POST", "/a", { x: [2, 1] }),
      fingerprintOf("POST", "/a", { x: ["1", 2] }),
      fingerprintOf("POST", "/a", null),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });
});
