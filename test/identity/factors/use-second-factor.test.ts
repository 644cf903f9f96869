import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, it } from "vitest";
import { totpFactors } from "../../../src/identity/factors/schema.ts";
import { findTotp } from "../../../src/identity/factors/totp-store.ts";
import { useSecondFactor } from "../../../src/identity/factors/use-second-factor.ts";
import type { Config } from "../../../src/platform/config/config.ts";
import type { SqlSession } from "../../../src/platform/sql/session.ts";
import { ioAt } from "../../orders/world.ts";
import { codeFor, securedAccount } from "../../support/account.ts";

const NEW_SEAL = { id: "newer", secret: "n".repeat(43) };

/** The world after an operator has put a new seal before the old one. */
function ioWithNewSeal() {
  const io = ioAt();
  const { AUTH_KEYS } = io.config;
  const seals = [NEW_SEAL, ...AUTH_KEYS.seals];
  const config: Config = { ...io.config, AUTH_KEYS: { ...AUTH_KEYS, seals } };
  return { ...io, sql: io.sql, config };
}

describe("useSecondFactor", () => {
  it("takes a secret under an older seal, and keeps it under the newest from then on", async ({
    expect,
  }) => {
    const { id: userId, secret } = await securedAccount();
    const before = await findTotp(ioAt().sql, userId);
    expect(before?.secret).not.toMatch(/^newer\./);

    const io = ioWithNewSeal();
    const given = { code: await codeFor(secret, 1) };
    const used = await useSecondFactor(io, env, { userId, given, places: [] });
    expect(used).toEqual({ ok: true, value: "totp" });
    const after = await findTotp(io.sql, userId);
    expect(after?.secret).toMatch(/^newer\./);

    await io.sql.update(totpFactors).set({ lastStep: 0 }).where(eq(totpFactors.userId, userId));
    const again = { code: await codeFor(secret) };
    expect(await useSecondFactor(io, env, { userId, given: again, places: [] })).toEqual(used);
  });

  it("counts no try that could not be looked at", async ({ expect }) => {
    const { id: userId, secret } = await securedAccount();
    const io = ioAt();
    const away = {
      select: () => {
        throw new Error("away");
      },
    } as unknown as SqlSession;
    const given = { code: await codeFor(secret, 1) };
    for (let tries = 0; tries < 12; tries += 1) {
      const using = useSecondFactor({ ...io, sql: away }, env, { userId, given, places: [] });
      await expect(using).rejects.toThrow("away");
    }
    const used = await useSecondFactor(io, env, { userId, given, places: [] });
    expect(used).toEqual({ ok: true, value: "totp" });
  });
});
