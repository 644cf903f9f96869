import { describe, expect, it } from "vitest";
import { decryptSecret, encryptSecret } from "../../../src/identity/factors/secret-at-rest.ts";

const newSecret = () => crypto.randomUUID() + crypto.randomUUID();
const OLD = { id: "k1", secret: newSecret() };
const NEW = { id: "k2", secret: newSecret() };
const SECRET = crypto.getRandomValues(new Uint8Array(20));

describe("an encrypted secret", () => {
  it("opens again, and shows nothing", async () => {
    const encrypted = await encryptSecret([OLD], "usr_1", SECRET);
    expect(await decryptSecret([OLD], "usr_1", encrypted)).toEqual({
      secret: SECRET,
      isCurrent: true,
    });
    expect(encrypted).toMatch(/^k1\.[\w-]+$/);
    expect(await encryptSecret([OLD], "usr_1", SECRET)).not.toBe(encrypted);
  });

  it("opens under an old seal while that is configured, and says that it is old", async () => {
    const encrypted = await encryptSecret([OLD], "usr_1", SECRET);
    const opened = await decryptSecret([NEW, OLD], "usr_1", encrypted);
    expect(opened).toEqual({ secret: SECRET, isCurrent: false });
    await expect(decryptSecret([NEW], "usr_1", encrypted)).rejects.toThrow("seal");
  });

  it("does not open for another account, under another seal of that id, or changed", async () => {
    const encrypted = await encryptSecret([OLD], "usr_1", SECRET);
    await expect(decryptSecret([OLD], "usr_2", encrypted)).rejects.toThrow();
    await expect(
      decryptSecret([{ ...OLD, secret: newSecret() }], "usr_1", encrypted),
    ).rejects.toThrow();
    const at = encrypted.length - 10;
    const other = encrypted[at] === "A" ? "B" : "A";
    const changed = encrypted.slice(0, at) + other + encrypted.slice(at + 1);
    await expect(decryptSecret([OLD], "usr_1", changed)).rejects.toThrow();
  });
});
