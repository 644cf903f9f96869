import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { auditLog } from "../../src/platform/audit/schema.ts";
import { ioAt } from "../orders/world.ts";
import { as, codeFor, logIn, PASSWORD, signedIn, type Tokens } from "../support/account.ts";
import { call } from "../support/worker-shop.ts";

type Audit = { items: { actor: string; action: string; target: object; requestId: string }[] };

const actsOf = async (actor: string) =>
  (await ioAt().sql.select().from(auditLog).where(eq(auditLog.actor, actor))).sort(
    (a, b) => a.atMs - b.atMs,
  );

describe("what an owner does to an account", () => {
  it("leaves a row for operators: who, what, when, by which request, and no secret", async ({
    expect,
  }) => {
    const account = await signedIn();
    const next = "a quite different password";
    const body = { currentPassword: PASSWORD, newPassword: next };
    const changed = await as<Tokens>(account, "POST", "/api/v2/auth/password/change", body);
    expect(changed.status).toBe(200);
    const setup = await as<{ secret: string }>(changed.body, "POST", "/api/v2/auth/2fa/setup");
    const code = await codeFor(setup.body.secret);
    const set = await as<Tokens & { recoveryCodes: string[] }>(
      changed.body,
      "POST",
      "/api/v2/auth/2fa/confirm",
      { code },
    );
    expect(set.status).toBe(200);
    const ended = await as(set.body, "POST", "/api/v2/auth/logout-all");
    expect(ended.status).toBe(200);

    const acts = await actsOf(account.id);
    expect(acts.map(({ action, requestId }) => [action, requestId])).toEqual([
      ["account.password_changed", changed.headers.get("X-Request-Id")],
      ["account.second_factor_set", set.headers.get("X-Request-Id")],
      ["account.sessions_ended", ended.headers.get("X-Request-Id")],
    ]);
    const kept = JSON.stringify(acts);
    for (const secret of [PASSWORD, next, code, setup.body.secret, account.email]) {
      expect(kept).not.toContain(secret);
    }
    const { items } = (await call<Audit>("GET", "/ops/v1/audit?limit=100")).body;
    expect(items.filter(({ actor }) => actor === account.id)).toHaveLength(3);
  });

  it("leaves none when it is refused, nor for a sign-in", async ({ expect }) => {
    const account = await signedIn();
    const body = { currentPassword: "not the password", newPassword: "another good password" };
    expect((await as(account, "POST", "/api/v2/auth/password/change", body)).status).toBe(401);
    const wrong = await as(account, "POST", "/api/v2/auth/2fa/confirm", { code: "000000" });
    expect(wrong.status).toBe(409);
    await logIn(account);
    expect(await actsOf(account.id)).toEqual([]);
  });
});
