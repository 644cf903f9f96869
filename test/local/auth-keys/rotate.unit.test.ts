import { describe, it } from "vitest";
import {
  freshAuthKeys,
  withNewSeal,
  withNextKey,
  withNextKeySigning,
} from "../../../local/auth-keys/rotate.ts";
import { TokenDesk } from "../../../src/identity/tokens/token-desk.ts";
import { AuthKeys } from "../../../src/platform/config/auth-keys.ts";
import { accessToken } from "../../support/access-token.ts";

const PUBLIC_URL = "https://shop.example";
const configWith = (keys: unknown) => ({ PUBLIC_URL, AUTH_KEYS: AuthKeys.parse(keys) });
const NOW_MS = Date.parse("2026-11-20T12:00:00Z");
const MINUTE_MS = 60_000;

describe("exchanging the key of access tokens", () => {
  it("refuses no token on its way", async ({ expect }) => {
    const first = freshAuthKeys("one");
    const added = withNextKey(first, "two");
    const signing = withNextKeySigning(added, NOW_MS);
    const of = async (keys: unknown, atMs: number) => accessToken(configWith(keys), {}, atMs);
    const isBelieved = async (token: string, keys: unknown, atMs: number) =>
      (await new TokenDesk(configWith(keys)).readAccess(token, atMs)) !== undefined;

    // Isolates change over one by one: each believes what the others make.
    const old = await of(first, NOW_MS);
    const next = await of(signing, NOW_MS);
    for (const keys of [added, signing]) {
      expect(await isBelieved(old, keys, NOW_MS + 14 * MINUTE_MS)).toBe(true);
      expect(await isBelieved(next, keys, NOW_MS + 14 * MINUTE_MS)).toBe(true);
    }
    const keyOf = (token: string) => JSON.parse(atob(token.split(".")[0]!)).kid;
    expect([keyOf(await of(added, NOW_MS)), keyOf(next)]).toEqual(["one", "two"]);

    const late = await of(first, NOW_MS + 29 * MINUTE_MS);
    expect(await isBelieved(late, signing, NOW_MS + 30 * MINUTE_MS)).toBe(false);
    const again = withNextKeySigning(withNextKey(signing, "three"), NOW_MS + 60 * MINUTE_MS);
    expect(again.access.map(({ kid }) => kid)).toEqual(["three", "two"]);
  });

  it("says what is missing, and takes no name twice", ({ expect }) => {
    const keys = freshAuthKeys("one");
    expect(() => withNextKeySigning(keys, NOW_MS)).toThrow("no next key");
    expect(() => withNextKey(keys, "one")).toThrow("already");
    expect(() => withNewSeal(keys, "one")).toThrow("already");
    expect(withNewSeal(keys, "two").seals.map(({ id }) => id)).toEqual(["two", "one"]);
  });
});
