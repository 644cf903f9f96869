import { describe, expect, it } from "vitest";
import {
  newRecoveryCodes,
  RECOVERY_CODES,
  recoveryCodeHash,
} from "../../../src/identity/factors/recovery-codes.ts";

describe("recovery codes", () => {
  it("are ten, unlike, of 80 bits each", () => {
    const codes = newRecoveryCodes();
    expect(codes).toHaveLength(RECOVERY_CODES);
    expect(new Set(codes).size).toBe(RECOVERY_CODES);
    for (const code of codes)
      expect(code).toMatch(/^(?:[0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
  });

  it("are read as people type them", async () => {
    const hash = await recoveryCodeHash("usr_1", "0o1l-23ab-45cd-67ef");
    expect(await recoveryCodeHash("usr_1", " OO1I 23AB 45CD67EF ")).toBe(hash);
    expect(await recoveryCodeHash("usr_1", "0o1l-23ab-45cd-67eg")).not.toBe(hash);
  });

  it("look unlike in two accounts", async () => {
    const [code] = newRecoveryCodes();
    expect(await recoveryCodeHash("usr_1", code!)).not.toBe(await recoveryCodeHash("usr_2", code!));
  });
});
