import { describe, expect, it } from "vitest";
import { whoSignsIn } from "../../../src/identity/oidc/who-signs-in.ts";

const ADA = { subject: "1", verifiedEmail: "ada@example.com" };
const trusted = { vouchesForEmail: true };
const nobody = { linked: undefined, byEmail: undefined };
const owner = (email: string) => ({ linked: undefined, byEmail: { userId: "usr_1", email } });

describe("whoSignsIn", () => {
  it("opens the account that a subject was linked with, whatever address it has now", () => {
    const linked = { linked: "usr_2", byEmail: { userId: "usr_1", email: "ada@example.com" } };
    for (const verifiedEmail of ["ada@example.com", undefined]) {
      expect(
        whoSignsIn({ subject: "1", verifiedEmail }, linked, { vouchesForEmail: false }),
      ).toEqual({ kind: "sign_in", userId: "usr_2" });
    }
  });

  it("makes an account of an address that nobody has here", () => {
    const made = { kind: "create", email: "ada@example.com" };
    expect(whoSignsIn(ADA, nobody, trusted)).toEqual(made);
  });

  it("links with the account of exactly that address, in any case", () => {
    const linked = { kind: "link", userId: "usr_1" };
    expect(whoSignsIn(ADA, owner("Ada@Example.com"), trusted)).toEqual(linked);
  });

  it("does not link where one mailbox is only our own rule", () => {
    const refused = { kind: "refuse", code: "link_required" };
    expect(whoSignsIn(ADA, owner("ada+shop@example.com"), trusted)).toEqual(refused);
    const labelled = { subject: "1", verifiedEmail: "ada+x@example.com" };
    expect(whoSignsIn(labelled, owner("ada@example.com"), trusted)).toEqual(refused);
  });

  it("neither links nor makes an account by an address that is not verified", () => {
    const unverified = { subject: "1", verifiedEmail: undefined };
    const refused = { kind: "refuse", code: "email_unverified" };
    expect(whoSignsIn(unverified, nobody, trusted)).toEqual(refused);
    expect(whoSignsIn(unverified, owner("ada@example.com"), trusted)).toEqual(refused);
  });

  it("believes no address of an issuer that is not trusted with any", () => {
    const refused = { kind: "refuse", code: "link_required" };
    const careless = { vouchesForEmail: false };
    expect(whoSignsIn(ADA, nobody, careless)).toEqual(refused);
    expect(whoSignsIn(ADA, owner("ada@example.com"), careless)).toEqual(refused);
  });
});
