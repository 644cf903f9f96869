import { describe, it, vi } from "vitest";
import { ADDRESSES_MAX, Me, type SavedAddress } from "../../src/account/model.ts";
import { cachedUser, holdUser } from "../../src/identity/user-cache.ts";
import { newId, UserId } from "../../src/shared/ids.ts";
import { ioAt } from "../orders/world.ts";
import { as, bearer, logIn, signedIn } from "../support/account.ts";
import { ADDRESS, call, roundTrips } from "../support/worker-shop.ts";

type Account = Awaited<ReturnType<typeof signedIn>>;
const ME = "/api/v2/me";
const ADDRESSES = `${ME}/addresses`;

const me = async (account: Account) => (await as<Me>(account, "GET", ME)).body;
const add = (account: Account, more: object = {}) =>
  as<SavedAddress>(account, "POST", ADDRESSES, { ...ADDRESS, ...more });
const listed = async (account: Account) =>
  (await as<{ items: SavedAddress[] }>(account, "GET", ADDRESSES)).body.items;

describe("the user cache", () => {
  const readThrough = (userId: UserId, read: () => Promise<Me | undefined>) => {
    const kept: Promise<unknown>[] = [];
    const parse = (found: unknown) => Me.safeParse(found).data;
    const me = cachedUser(ioAt(), userId, { read, parse }, (work) => kept.push(work));
    return { me, done: async () => Promise.all([await me, ...kept]) };
  };
  const meOf = (id: UserId, name: string): Me => ({
    id,
    email: "ada@example.com",
    emailVerified: true,
    name,
    phone: null,
    marketingConsent: false,
    consentChangedAt: null,
    defaultAddressId: null,
    createdAt: "2026-11-20T12:00:00.000Z",
  });

  it("shows nothing from before a change, though a read began before it and ended after", async ({
    expect,
  }) => {
    const id = newId(UserId, "usr");
    const { promise: slow, resolve } = Promise.withResolvers<Me>();
    const early = readThrough(id, () => slow);
    await holdUser(ioAt(), id);
    resolve(meOf(id, "Before"));
    await early.done();
    const late = readThrough(id, async () => meOf(id, "After"));
    expect(await late.me).toMatchObject({ name: "After" });
    await late.done();
    // As long as the change may run nothing is kept at all.
    expect(await readThrough(id, async () => meOf(id, "Later")).me).toMatchObject({
      name: "Later",
    });
  });

  it("keeps what was read, and asks nobody for it again", async ({ expect }) => {
    const id = newId(UserId, "usr");
    await readThrough(id, async () => meOf(id, "Ada")).done();
    const read = vi.fn(async () => undefined);
    expect(await readThrough(id, read).me).toMatchObject({ name: "Ada" });
    expect(read).not.toHaveBeenCalled();
  });
});

describe("a shopper's profile", () => {
  it("says who is signed in, from then on in one step", async ({ expect }) => {
    const account = await signedIn();
    const read = await as<Me>(account, "GET", ME);
    expect(read.body).toEqual({
      id: account.id,
      email: account.email,
      emailVerified: true,
      name: null,
      phone: null,
      marketingConsent: false,
      consentChangedAt: null,
      defaultAddressId: null,
      createdAt: expect.any(String),
    });
    // Redis is asked first, and answers by itself from then on.
    expect(roundTrips(read)).toBeLessThanOrEqual(2);
    await vi.waitFor(async () => {
      const again = await as<Me>(account, "GET", ME);
      expect(again.body).toEqual(read.body);
      expect(again.headers.get("Server-Timing")).toMatch(/^redis;dur=\d+;desc="1"$/);
    });
    expect(read.headers.get("Cache-Control")).toBe("no-store");
    expect((await call("GET", ME)).status).toBe(401);
  });

  it("changes by what is given, and keeps what another device changes meanwhile", async ({
    expect,
  }) => {
    const account = await signedIn();
    await Promise.all([
      as(account, "PATCH", ME, { name: "  Ada Lovelace " }),
      as(account, "PATCH", ME, { phone: "+44 20 7946 0000" }),
      as(account, "PATCH", ME, { marketingConsent: true }),
    ]);
    expect(await me(account)).toMatchObject({
      name: "Ada Lovelace",
      phone: "+44 20 7946 0000",
      marketingConsent: true,
      consentChangedAt: expect.any(String),
    });
    const changed = await as<Me>(account, "PATCH", ME, { phone: null, marketingConsent: false });
    expect(changed.body).toMatchObject({ name: "Ada Lovelace", phone: null });
    expect(changed.body.marketingConsent).toBe(false);
  });

  it("changes once for one key, and a key is its shopper's own", async ({ expect }) => {
    const [one, other] = [await signedIn(), await signedIn()];
    const patch = (account: Account, name: string) =>
      call<Me>("PATCH", ME, {
        body: { name },
        headers: { ...bearer(account), "Idempotency-Key": "rename" },
      });
    const first = await patch(one, "Ada");
    await as(one, "PATCH", ME, { name: "Augusta" });
    const repeat = await patch(one, "Ada");
    expect([repeat.body, repeat.headers.get("Idempotent-Replayed")]).toEqual([first.body, "true"]);
    expect((await patch(one, "Lovelace")).status).toBe(422);
    const theirs = await patch(other, "Ada");
    expect(theirs.headers.get("Idempotent-Replayed")).toBeNull();
    expect(theirs.body.id).toBe(other.id);
  });
});

describe("a shopper's addresses", () => {
  it("are kept, changed and forgotten; the first is the default one", async ({ expect }) => {
    const account = await signedIn();
    const first = await add(account);
    expect([first.status, first.body]).toMatchObject([201, { ...ADDRESS, isDefault: true }]);
    const second = await add(account, { line2: "Attic", name: "Ada at work" });
    expect(second.body.isDefault).toBe(false);
    const path = `${ADDRESSES}/${second.body.id}`;
    const changed = await as<SavedAddress>(account, "PATCH", path, {
      city: "Salem",
      line2: "",
      isDefault: true,
    });
    expect(changed.body).toMatchObject({ city: "Salem", name: "Ada at work", isDefault: true });
    expect(changed.body.line2).toBeUndefined();
    expect((await me(account)).defaultAddressId).toBe(second.body.id);
    expect((await listed(account)).map(({ id, isDefault }) => [id, isDefault])).toEqual([
      [first.body.id, false],
      [second.body.id, true],
    ]);
    const removed = await as(account, "DELETE", path);
    expect(removed.body).toEqual({ id: second.body.id, deleted: true });
    expect((await as(account, "DELETE", path)).status).toBe(404);
    expect((await me(account)).defaultAddressId).toBeNull();
    const pinned = await as(account, "PATCH", ME, { defaultAddressId: first.body.id });
    expect(pinned.body).toMatchObject({ defaultAddressId: first.body.id });
  });

  it("are another shopper's to see, change, remove or point at by no means", async ({ expect }) => {
    const [owner, stranger] = [await signedIn(), await signedIn()];
    const { body } = await add(owner);
    const path = `${ADDRESSES}/${body.id}`;
    expect(await listed(stranger)).toEqual([]);
    expect((await as(stranger, "PATCH", path, { city: "Salem" })).status).toBe(404);
    expect((await as(stranger, "DELETE", path)).status).toBe(404);
    const pointed = await as(stranger, "PATCH", ME, { defaultAddressId: body.id });
    expect([pointed.status, pointed.body]).toMatchObject([
      422,
      { errors: [{ pointer: "/defaultAddressId" }] },
    ]);
    expect(await listed(owner)).toEqual([body]);
  });

  it(`end at ${ADDRESSES_MAX}`, async ({ expect }) => {
    const account = await signedIn();
    const added = [];
    for (let at = 0; at < ADDRESSES_MAX + 1; at += 1) added.push((await add(account)).status);
    expect(added.filter((status) => status === 201)).toHaveLength(ADDRESSES_MAX);
    expect(added.at(-1)).toBe(422);
  });
});

describe("a shopper's sessions", () => {
  type Sessions = { items: { id: string; current: boolean; methods: string[] }[] };
  const sessions = async (account: Pick<Account, "accessToken">) =>
    (await as<Sessions>(account, "GET", `${ME}/sessions`)).body.items;

  it("are listed and ended one by one", async ({ expect }) => {
    const account = await signedIn();
    const other = (await logIn(account)).body;
    const open = await sessions(account);
    expect(open.map(({ current }) => current).sort()).toEqual([false, true]);
    expect(open[0]?.methods).toEqual(["password"]);
    const theirs = open.find(({ current }) => !current)!;
    const path = `${ME}/sessions/${theirs.id}`;
    const ended = await as(account, "DELETE", path);
    expect(ended.body).toEqual({ id: theirs.id, effectiveBy: expect.any(String) });
    expect((await as(account, "DELETE", path)).status).toBe(404);
    expect((await sessions(account)).map(({ id }) => id)).not.toContain(theirs.id);
    const { refreshToken } = other;
    expect((await call("POST", "/api/v2/auth/refresh", { body: { refreshToken } })).status).toBe(
      401,
    );
  });

  it("of another shopper are as unknown as any", async ({ expect }) => {
    const [owner, stranger] = [await signedIn(), await signedIn()];
    const [open] = await sessions(owner);
    expect((await as(stranger, "DELETE", `${ME}/sessions/${open!.id}`)).status).toBe(404);
    expect(await sessions(owner)).toHaveLength(1);
  });
});

describe("security", () => {
  it.for(["id", "role", "userId", "emailVerified", "email", "createdAt", "__proto__"])(
    "33 · %s is not the shopper's to set",
    async (field, { expect }) => {
      const account = await signedIn();
      const { body: address } = await add(account);
      const before = [await me(account), await listed(account)];
      const sent = (more: object) => JSON.parse(JSON.stringify(more).replace("FIELD", field));
      const tries = await Promise.all([
        as(account, "PATCH", ME, sent({ name: "Eve", FIELD: "x" })),
        as(account, "POST", ADDRESSES, sent({ ...ADDRESS, FIELD: "x" })),
        as(account, "PATCH", `${ADDRESSES}/${address.id}`, sent({ city: "Salem", FIELD: "x" })),
      ]);
      // An address may say more than is kept: a mail address in it is nobody's account.
      const free = field === "email" ? [422, 201, 200] : [422, 422, 422];
      expect(tries.map(({ status }) => status)).toEqual(free);
      if (field !== "email") expect([await me(account), await listed(account)]).toEqual(before);
      expect(await me(account)).toEqual(before[0]);
    },
  );
});
