import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { DEVICES_MAX } from "../../src/account/devices/model.ts";
import { sweepDevices, tokenOf } from "../../src/account/devices/own-devices.ts";
import { pushDevices } from "../../src/account/devices/schema.ts";
import { eraseAccount } from "../../src/account/erase-account.ts";
import type { AccountExport } from "../../src/account/export-account.ts";
import { sessions } from "../../src/identity/schema.ts";
import { sha256Hex } from "../../src/shared/digest.ts";
import type { UserId } from "../../src/shared/ids.ts";
import { ioAt, recordingQueues } from "../orders/world.ts";
import { as, bearer, logIn, PASSWORD, signedIn, type Tokens } from "../support/account.ts";
import { devicesOf, ownToken, register } from "../support/push.ts";
import { signedInShopper } from "../support/signed-in.ts";
import { call, roundTrips } from "../support/worker-shop.ts";

const DEVICES = "/api/v2/me/devices";

const rowOf = async (token: string) =>
  (
    await ioAt()
      .sql.select()
      .from(pushDevices)
      .where(eq(pushDevices.tokenHash, await sha256Hex(token)))
  )[0];

/** As a day later. Of the user's own only: other tests have devices too. */
const due = (userId: UserId) =>
  ioAt().sql.update(pushDevices).set({ checkDueMs: 1 }).where(eq(pushDevices.userId, userId));

describe("POST /me/devices", () => {
  it("keeps what a device says of itself, and shows all but its token", async ({ expect }) => {
    const account = await signedIn();
    const more = { platform: "ios", locale: "de-AT", name: "Ada's phone" };
    const { token, ...device } = await register(account, ownToken(), more);
    expect(device).toEqual({
      id: expect.stringMatching(/^dev_/),
      current: true,
      ...more,
      createdAt: expect.any(String),
      lastSeenAt: device.createdAt,
    });
    const listed = await as(account, "GET", DEVICES);
    expect(listed.body).toEqual({ items: [device], nextCursor: null });
    expect(roundTrips(listed)).toBeLessThanOrEqual(3);
    const row = await rowOf(token);
    expect(JSON.stringify(row)).not.toContain(token);
    expect(await tokenOf(ioAt(), row!)).toBe(token);
  });

  it("takes the same token for the same device, also four times at once", async ({ expect }) => {
    const account = await signedIn();
    const token = ownToken();
    const first = await register(account, token, { name: "Before" });
    const all = await Promise.all(Array.from({ length: 4 }, () => register(account, token)));
    expect(new Set(all.map(({ id }) => id))).toEqual(new Set([first.id]));
    expect(all.map(({ createdAt }) => createdAt)).toEqual(Array(4).fill(first.createdAt));
    expect(await devicesOf(account)).toMatchObject([{ id: first.id, name: null }]);
  });

  it("gives a phone that changed hands to who registers it, with nothing of before", async ({
    expect,
  }) => {
    const [before, after] = await Promise.all([signedIn(), signedIn()]);
    const token = ownToken();
    const theirs = await register(before, token, { name: "Ada's phone" });
    // So that no clock can make the two times the same.
    await ioAt()
      .sql.update(pushDevices)
      .set({ createdAtMs: 1 })
      .where(eq(pushDevices.tokenHash, await sha256Hex(token)));
    const mine = await register(after, token);
    expect(mine.id).not.toBe(theirs.id);
    expect(mine).toMatchObject({ name: null, createdAt: expect.stringMatching(/^20[2-9]/) });
    expect(await devicesOf(before)).toEqual([]);
    expect((await as(before, "DELETE", `${DEVICES}/${theirs.id}`)).status).toBe(404);
    expect((await as(before, "DELETE", `${DEVICES}/${mine.id}`)).status).toBe(404);
    expect(await devicesOf(after)).toMatchObject([{ id: mine.id }]);
  });

  it("makes room for one more: the one unused for longest goes", async ({ expect }) => {
    const account = await signedIn();
    const first = await register(account);
    for (let n = 1; n < DEVICES_MAX; n += 1) await register(account);
    await ioAt()
      .sql.update(pushDevices)
      .set({ lastSeenAtMs: 1 })
      .where(eq(pushDevices.tokenHash, await sha256Hex(first.token)));
    const last = await register(account);
    const ids = (await devicesOf(account)).map(({ id }) => id);
    expect(ids).toHaveLength(DEVICES_MAX);
    expect(ids).toContain(last.id);
    expect(ids).not.toContain(first.id);
  });

  it.for([
    [{}],
    [{ token: "", platform: "ios" }],
    [{ token: "has a space", platform: "ios" }],
    [{ token: "x".repeat(1_001), platform: "ios" }],
    [{ token: "x", platform: "fridge" }],
    [{ token: "x", platform: "web", locale: "not a locale" }],
    [{ token: "x", platform: "web", userId: "usr_1" }],
  ])("refuses %o", async ([body], { expect }) => {
    const { headers } = await signedInShopper();
    expect((await call("POST", DEVICES, { headers, body })).status).toBe(422);
    expect((await call("POST", DEVICES, { body })).status).toBe(401);
  });
});

describe("a device", () => {
  const another = async (account: { email: string }) => (await logIn(account)).body;

  it("is over with the session that registered it, and no other is", async ({ expect }) => {
    const account = await signedIn();
    const phone = await another(account);
    const [here, there] = [await register(account), await register(phone)];
    expect(await devicesOf(account)).toMatchObject([
      { id: there.id, current: false },
      { id: here.id, current: true },
    ]);
    await as(phone, "POST", "/api/v2/auth/logout", {});
    expect(await devicesOf(account)).toMatchObject([{ id: here.id }]);
    expect(await rowOf(there.token)).toBeUndefined();
  });

  it.for([
    ["signing out everywhere", (who: Tokens) => as(who, "POST", "/api/v2/auth/logout-all")],
    [
      "a new password",
      (who: Tokens) =>
        as(who, "POST", "/api/v2/auth/password/change", {
          currentPassword: PASSWORD,
          newPassword: "another horse battery",
        }),
    ],
  ] as const)("is over with %s", async ([, act], { expect }) => {
    const account = await signedIn();
    const phone = await another(account);
    const device = await register(phone);
    expect((await act(account)).status).toBe(200);
    await due(account.id);
    await sweepDevices(ioAt());
    expect(await rowOf(device.token)).toBeUndefined();
  });

  it("is deleted by the sweep within a day of its session, and stays as long as that does", async ({
    expect,
  }) => {
    const account = await signedIn();
    const phone = await another(account);
    const [kept, ended] = [await register(account), await register(phone)];
    await as(phone, "POST", "/api/v2/auth/logout", {});
    await sweepDevices(ioAt());
    expect(await rowOf(ended.token)).toBeDefined();
    await due(account.id);
    await sweepDevices(ioAt());
    expect(await rowOf(ended.token)).toBeUndefined();
    expect((await rowOf(kept.token))?.checkDueMs).toBeGreaterThan(Date.now());
    // Nobody has refreshed it for so long that it has ended by itself.
    await ioAt()
      .sql.update(sessions)
      .set({ expiresAtMs: 1 })
      .where(eq(sessions.userId, account.id));
    await due(account.id);
    await sweepDevices(ioAt());
    expect(await rowOf(kept.token)).toBeUndefined();
  });

  it("is removed once", async ({ expect }) => {
    const account = await signedIn();
    const device = await register(account);
    const headers = { ...bearer(account), "Idempotency-Key": crypto.randomUUID() };
    const remove = () => call("DELETE", `${DEVICES}/${device.id}`, { headers });
    expect(await remove()).toMatchObject({ status: 200, body: { id: device.id, removed: true } });
    expect((await remove()).headers.get("Idempotent-Replayed")).toBe("true");
    expect((await as(account, "DELETE", `${DEVICES}/${device.id}`)).status).toBe(404);
  });

  it("stands in the export, without its token, and goes with the account", async ({ expect }) => {
    const account = await signedIn();
    const device = await register(account, ownToken(), { name: "Ada's phone" });
    const { body } = await as<AccountExport>(account, "GET", "/api/v2/me/export");
    expect(body.devices).toMatchObject([{ id: device.id, name: "Ada's phone" }]);
    expect(JSON.stringify(body)).not.toContain(device.token);
    await eraseAccount(ioAt(), { ...env, ...recordingQueues().queues }, account.id);
    expect(await rowOf(device.token)).toBeUndefined();
  });

  it("is not told any more, and not in the way, when its seal was taken out", async ({
    expect,
  }) => {
    const device = await register(await signedIn());
    const row = await rowOf(device.token);
    const io = ioAt();
    const seals = [{ id: "other", secret: "x".repeat(43) }];
    const config = { ...io.config, AUTH_KEYS: { ...io.config.AUTH_KEYS, seals } };
    expect(await tokenOf({ config }, row!)).toBeUndefined();
    expect(
      await tokenOf(io, { ...row!, id: row!.id.replace("dev_", "dev_0") as never }),
    ).toBeUndefined();
  });
});
