import {
  evictDurableObject,
  listDurableObjectIds,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, it } from "vitest";
import { configOf } from "../../../src/platform/config/config.ts";
import { asProblem } from "../../../src/platform/http/problem.ts";
import {
  type Claim,
  guesses,
  type LimiterBinding,
  quota,
  rateLimited,
  takeTries,
} from "../../../src/platform/limits/index.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";

const GUESS = guesses("test-guess");
const QUOTA = quota("test-quota", 10);
const subject = () => crypto.randomUUID();
const world = () => ({ config: { LIMITS: configOf(env).LIMITS }, meter: new Meter() });
const take = (...claims: Claim[]) => takeTries(env, world(), claims);

describe("takeTries", () => {
  it.for([
    [GUESS, 5],
    [QUOTA, 10],
  ] as const)(
    "admits of a hundred tries at once exactly the limit: $0.name",
    async ([policy, limit], { expect }) => {
      const claim = { policy, subject: subject(), places: ["one"] };
      const tried = await Promise.all(Array.from({ length: 100 }, () => take(claim)));
      expect(tried.filter(({ ok }) => ok)).toHaveLength(limit);
    },
  );

  it("costs one round trip for several subjects", async ({ expect }) => {
    const { config, meter } = world();
    const claims = [
      { policy: GUESS, subject: subject(), places: ["one"] },
      { policy: QUOTA, subject: subject() },
    ];
    const taken = await takeTries(env, { config, meter }, claims);
    expect(taken.ok && taken.value.left).toBe(4);
    expect(meter.roundTrips).toBe(1);
  });

  it("gives back what others took when one refuses", async ({ expect }) => {
    const address = { policy: quota("test-one", 1), subject: subject() };
    const account = { policy: GUESS, subject: subject(), places: ["one"] };
    expect((await take(address)).ok).toBe(true);
    for (let n = 0; n < 20; n += 1) expect((await take(address, account)).ok).toBe(false);
    const alone = await take(account);
    expect(alone.ok && alone.value.left).toBe(4);
  });

  it("forgets wrong tries once one was right, and not those of another place", async ({
    expect,
  }) => {
    const account = subject();
    const from = (place: string) => ({ policy: GUESS, subject: account, places: [place] });
    for (let n = 0; n < 4; n += 1) await take(from("home"), from("elsewhere"));
    const right = await take(from("home"));
    if (right.ok) await right.value.right();
    const again = await take(from("home"));
    expect(again.ok && again.value.left).toBe(4);
    const elsewhere = await take(from("elsewhere"));
    expect(elsewhere.ok && elsewhere.value.left).toBe(0);
  });

  it("remembers through an eviction", async ({ expect }) => {
    const claim = { policy: QUOTA, subject: subject() };
    for (let n = 0; n < 10; n += 1) await take(claim);
    for (const id of await listDurableObjectIds(env.LIMITER)) {
      await evictDurableObject(env.LIMITER.get(id));
    }
    expect((await take(claim)).ok).toBe(false);
  });

  it("takes a deployment's own limit", async ({ expect }) => {
    const config = { LIMITS: { "test-quota": { tries: 1 } } };
    const claims = [{ policy: QUOTA, subject: subject() }];
    expect((await takeTries(env, { config, meter: new Meter() }, claims)).ok).toBe(true);
    expect((await takeTries(env, { config, meter: new Meter() }, claims)).ok).toBe(false);
  });

  it("answers 429 with what RateLimit fields say", async ({ expect }) => {
    const claim = { policy: quota("test-fields", 1, 60_000), subject: subject() };
    await take(claim);
    const refused = await take(claim);
    if (refused.ok) throw new Error("was admitted");
    const { headers } = rateLimited(refused.error);
    expect(headers["Retry-After"]).toMatch(/^(?:59|60)$/);
    expect(headers.RateLimit).toBe(`"test-fields";r=0;t=${headers["Retry-After"]}`);
    expect(headers["RateLimit-Policy"]).toBe('"test-fields";q=1;w=60');
  });

  it("stays closed when a limiter cannot be asked", async ({ expect }) => {
    const broken = {
      LIMITER: {
        getByName: () => ({
          take: async () => {
            throw new Error("no such method");
          },
        }),
      },
    } as unknown as LimiterBinding;
    const tried = takeTries(broken, world(), [{ policy: GUESS, subject: "x" }]);
    const problem = await tried.then(() => undefined, asProblem);
    expect(problem).toMatchObject({ slug: "dependency-unavailable" });
    expect(problem?.headers["Retry-After"]).toBeDefined();
  });
});

describe("LimiterObject", () => {
  it("stores nothing for a refused try, and deletes itself when nothing is left to remember", async ({
    expect,
  }) => {
    const stub = env.LIMITER.getByName(subject());
    const brief = { ...QUOTA, tries: 1, perMs: 1 };
    expect((await stub.take(QUOTA, [])).ok).toBe(true);
    const stored = () =>
      runInDurableObject(stub, (_object, state) => state.storage.kv.get("state") as object);
    const before = await stored();
    for (let n = 0; n < 20; n += 1) await stub.take(QUOTA, []);
    expect(await stored()).not.toEqual(before);
    const full = await stored();
    for (let n = 0; n < 20; n += 1) expect((await stub.take(QUOTA, [])).ok).toBe(false);
    expect(await stored()).toEqual(full);

    // What it remembers ends in a minute; it rings, and sets itself again.
    await runDurableObjectAlarm(stub);
    expect(await stored()).toBeDefined();
    const done = env.LIMITER.getByName(subject());
    await done.take(brief, []);
    await runInDurableObject(done, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    await runDurableObjectAlarm(done);
    const left = await runInDurableObject(done, (_object, state) => state.storage.kv.get("state"));
    expect(left).toBeUndefined();
    expect((await done.take(brief, [])).ok).toBe(true);
  });
});
