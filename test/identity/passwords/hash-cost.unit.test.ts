import { describe, it } from "vitest";
import {
  HASH_COST,
  isWeaker,
  readPhc,
  restOf,
  writePhc,
} from "../../../src/identity/passwords/hash-cost.ts";
import { NewPassword } from "../../../src/identity/passwords/password-rule.ts";

const stored = { ...HASH_COST, sealId: "k1", salt: "A".repeat(22), key: "B".repeat(43) };

describe("a stored hash", () => {
  it("reads as it was written", ({ expect }) => {
    expect(writePhc(stored)).toBe(
      `$scrypt$ln=14,r=8,p=5,keyid=k1$${"A".repeat(22)}$${"B".repeat(43)}`,
    );
    expect(readPhc(writePhc(stored))).toEqual(stored);
  });

  it("is none when it is cut, or would take more memory than there is", ({ expect }) => {
    const text = writePhc(stored);
    for (const wrong of [
      "",
      text.slice(0, -1),
      text.replace("scrypt", "bcrypt"),
      text.replace("ln=14", "ln=20"),
      text.replace("p=5", "p=0"),
      text.replace("keyid=k1", "keyid="),
    ]) {
      expect(readPhc(wrong), wrong).toBeUndefined();
    }
  });

  it("is renewed when today's work is more, and what it lacks is made up for", ({ expect }) => {
    const today = { logN: 15, r: 8, p: 3 };
    expect(isWeaker(HASH_COST, today)).toBe(true);
    expect(isWeaker(today, today)).toBe(false);
    // As much work in less memory is weaker too.
    expect(isWeaker({ logN: 14, r: 8, p: 6 }, today)).toBe(true);
    expect(restOf({ logN: 14, r: 8, p: 2 }, today)).toEqual({ logN: 15, r: 8, p: 2 });
    expect(restOf(today, today)).toBeUndefined();
    expect(restOf({ logN: 16, r: 8, p: 3 }, today)).toBeUndefined();
  });

  it("takes 16 MiB: an isolate has 128 for everything", ({ expect }) => {
    expect(128 * HASH_COST.r * 2 ** HASH_COST.logN).toBe(16 * 1024 * 1024);
  });
});

describe("a new password", () => {
  const isTaken = (text: string) => NewPassword.safeParse(text).success;

  it("has 8 to 256 characters of whatever script", ({ expect }) => {
    expect([isTaken("seven77"), isTaken("eight888x")]).toEqual([false, true]);
    expect([isTaken("xy".repeat(3) + "z".repeat(250)), isTaken("x".repeat(257))]).toEqual([
      true,
      false,
    ]);
    expect(isTaken("пароль на русском")).toBe(true);
    expect(isTaken("        leading and trailing   ")).toBe(true);
    expect(isTaken(`half \ud800 a character`)).toBe(false);
  });

  it("is none of those that are tried first, in whatever case or width", ({ expect }) => {
    for (const text of [
      "password1",
      "PassWord123",
      "ｐａｓｓｗｏｒｄ",
      "aaaaaaaaaa",
      "abcabcabc",
      "12345678",
      "abcdefgh",
      "qwertyuiop",
    ]) {
      expect(isTaken(text), text).toBe(false);
    }
  });
});
