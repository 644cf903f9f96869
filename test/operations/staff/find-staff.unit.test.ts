import { describe, it } from "vitest";
import { KeyCopies, type KnownKey } from "../../../src/operations/staff/find-staff.ts";

const known = (id: string): KnownKey => ({
  id,
  memberId: "stf_1",
  grants: ["orders:read"],
  expiresAtMs: 1e15,
});

const UNKNOWN = { known: undefined, generation: undefined };

describe("an isolate's copies of staff keys", () => {
  it("are used for a minute from when the database was asked", ({ expect }) => {
    const copies = new KeyCopies();
    copies.set("a", { known: known("key_a"), generation: "one" }, 1_000);
    expect(copies.get("a", 60_999)?.known?.id).toBe("key_a");
    expect(copies.get("a", 61_000)).toBeUndefined();
    expect(copies.get("b", 1_000)).toBeUndefined();
  });

  it("remember a key that nobody knows for a short while", ({ expect }) => {
    const copies = new KeyCopies();
    copies.set("guess", UNKNOWN, 0);
    expect(copies.get("guess", 9_999)).toMatchObject({ known: undefined });
    expect(copies.get("guess", 10_000)).toBeUndefined();
  });

  it("stay within their bound under a flood of guesses, the newest kept", ({ expect }) => {
    const copies = new KeyCopies();
    for (let at = 0; at < 5_000; at += 1) copies.set(`guess-${at}`, UNKNOWN, 0);
    expect(copies.get("guess-4999", 1)).toBeDefined();
    expect(copies.get("guess-4000", 1)).toBeDefined();
    expect(copies.get("guess-3999", 1)).toBeUndefined();
  });
});
