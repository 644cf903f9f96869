import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it, vi } from "vitest";
import { staffKeys } from "../../../src/operations/schema.ts";
import { findStaff, KeyCopies } from "../../../src/operations/staff/find-staff.ts";
import { openEdge } from "../../../src/platform/edge/index.ts";
import { openIo } from "../../../src/platform/io/io.ts";
import { Meter } from "../../../src/platform/telemetry/meter.ts";
import { call, roundTrips } from "../../support/worker-shop.ts";
import { callAs, hire, type Key } from "./team.ts";

const { sql } = openIo(env, "test");
const rowOf = async (id: string) =>
  (await sql.select().from(staffKeys).where(eq(staffKeys.id, id)))[0]!;
const AUDIT = "/ops/v1/audit?limit=1";

describe("a staff key", () => {
  it("opens what its scopes name, and nothing else", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    expect(key.key).toMatch(/^fsk_[0-9a-z]{32}$/);
    expect((await callAs(key.key, "GET", AUDIT)).status).toBe(200);
    expect((await callAs(key.key, "GET", "/ops/v1/queues")).status).toBe(403);
    expect((await callAs(key.key, "GET", "/ops/v1/staff-keys")).status).toBe(403);
    const guess = `${key.key.slice(0, -1)}${key.key.endsWith("0") ? "1" : "0"}`;
    expect((await callAs(guess, "GET", AUDIT)).status).toBe(401);
  });

  it("is stored as its hash, and shown once", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    expect(JSON.stringify(await rowOf(key.id))).not.toContain(key.key.slice(4));
    const listed = await call("GET", `/ops/v1/staff-keys?member=${key.member}`);
    expect(listed.body).toMatchObject({ items: [{ id: key.id, scopes: ["audit:read"] }] });
    expect(JSON.stringify(listed.body)).not.toContain(key.key.slice(4));
  });

  it("costs one statement when it is new to an isolate, and none after", async ({ expect }) => {
    const { key } = await hire("operator", ["pages:read"]);
    const first = await callAs(key.key, "GET", "/ops/v1/pages");
    const second = await callAs(key.key, "GET", "/ops/v1/pages");
    // One more is the note of the hour of its use, which nobody waits for.
    expect(roundTrips(first)).toBeLessThanOrEqual(2);
    expect(roundTrips(second)).toBeLessThanOrEqual(1);
    await vi.waitFor(async () => expect((await rowOf(key.id)).lastUsedAtMs).not.toBeNull());
    expect((await rowOf(key.id)).lastUsedAtMs! % 3_600_000).toBe(0);
  });

  it("is refused at once where it was in use when it is revoked", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    expect((await callAs(key.key, "GET", AUDIT)).status).toBe(200);
    const revoked = await call<{ effectiveBy: string }>("DELETE", `/ops/v1/staff-keys/${key.id}`);
    expect(revoked.status).toBe(200);
    const effectiveByMs = Date.parse(revoked.body.effectiveBy);
    expect(effectiveByMs - Date.now()).toBeLessThanOrEqual(1_000);
    await vi.waitFor(() => expect(Date.now()).toBeGreaterThanOrEqual(effectiveByMs), 3_000);
    expect((await callAs(key.key, "GET", AUDIT)).status).toBe(401);
    const again = await call("DELETE", `/ops/v1/staff-keys/${key.id}`);
    expect(again.status).toBe(200);
  });

  it("ends with its time, also where a copy of it is kept", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    let nowMs = Date.now();
    const copies = new KeyCopies();
    const waitUntil = () => {};
    const edge = openEdge(env, new Meter(), { waitUntil });
    const io = openIo(env, "test", new Meter(), { nowMs: () => nowMs });
    const find = () => findStaff({ io, edge, copies, waitUntil }, key.key);
    await sql
      .update(staffKeys)
      .set({ expiresAtMs: nowMs + 300 })
      .where(eq(staffKeys.id, key.id));
    expect((await find())?.id).toBe(key.id);
    nowMs += 299;
    expect((await find())?.id).toBe(key.id);
    nowMs += 1;
    expect(await find()).toBeUndefined();
    expect(io.meter.roundTrips).toBe(1);
  });
});

describe("rotation", () => {
  it("puts a new key beside the old one for the overlap", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    const rotate = (body: object) =>
      call<Key>("POST", `/ops/v1/staff-keys/${key.id}/rotate`, { body });
    const { status, body: next } = await rotate({ overlapSeconds: 60 });
    expect([status, next.scopes, next.member]).toEqual([201, ["audit:read"], key.member]);
    for (const each of [key.key, next.key]) {
      expect((await callAs(each, "GET", AUDIT)).status).toBe(200);
    }
    const old = await rowOf(key.id);
    expect(old.replacedBy).toBe(next.id);
    expect(old.expiresAtMs).toBeLessThanOrEqual(Date.now() + 60_000);
    const second = await rotate({});
    expect([second.status, second.body]).toMatchObject([
      409,
      { type: "/problems/staff-key-ended" },
    ]);
  });

  it("answers the same key to the same Idempotency-Key, and makes one", async ({ expect }) => {
    const { key } = await hire("operator", ["audit:read"]);
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const rotate = () =>
      call<Key>("POST", `/ops/v1/staff-keys/${key.id}/rotate`, { body: {}, headers });
    const [first, second] = [await rotate(), await rotate()];
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("Idempotent-Replayed")).toBe("true");
  });
});

describe("nobody gives away what is not theirs", () => {
  it("a key does no more than its member's role", async ({ expect }) => {
    const { memberId } = await hire("support", ["orders:write"]);
    for (const scope of ["staff:read", "*:read", "*", "catalog:write"]) {
      const body = { member: memberId, name: "more", scopes: [scope] };
      const { status, body: problem } = await call("POST", "/ops/v1/staff-keys", { body });
      expect([scope, status, problem]).toMatchObject([
        scope,
        422,
        { errors: [{ pointer: "/scopes" }] },
      ]);
    }
  });

  it("a demoted member's keys shrink at once", async ({ expect }) => {
    const { memberId, key } = await hire("operator", ["audit:read", "orders:write"]);
    expect((await callAs(key.key, "GET", AUDIT)).status).toBe(200);
    const body = { role: "support" };
    expect((await call("PATCH", `/ops/v1/staff/${memberId}`, { body })).status).toBe(200);
    await vi.waitFor(
      async () => expect((await callAs(key.key, "GET", AUDIT)).status).toBe(403),
      5_000,
    );
    await call("PATCH", `/ops/v1/staff/${memberId}`, { body: { active: false } });
    await vi.waitFor(
      async () => expect((await callAs(key.key, "GET", AUDIT)).status).toBe(401),
      5_000,
    );
  });

  it("a manager of staff with a narrow key makes no wider one", async ({ expect }) => {
    const { memberId, key: narrow } = await hire("owner", ["staff:write", "orders:read"]);
    const { key: wide } = await hire("owner", ["*"]);
    const make = (scopes: string[]) =>
      callAs(narrow.key, "POST", "/ops/v1/staff-keys", {
        body: { member: memberId, name: "x", scopes },
      });
    expect((await make(["orders:read"])).status).toBe(201);
    expect((await make(["orders:write"])).status).toBe(403);
    expect((await make(["*"])).status).toBe(403);
    const path = `/ops/v1/staff-keys/${wide.id}`;
    expect((await callAs(narrow.key, "POST", `${path}/rotate`, { body: {} })).status).toBe(403);
    expect((await callAs(narrow.key, "DELETE", path)).status).toBe(403);
    const promote = { body: { role: "owner" } };
    const { status } = await callAs(narrow.key, "PATCH", `/ops/v1/staff/${memberId}`, promote);
    expect(status).toBe(403);
  });
});
