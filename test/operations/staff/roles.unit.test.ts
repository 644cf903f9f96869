import fc from "fast-check";
import { describe, it } from "vitest";
import { Grant, isWithin, ROLES } from "../../../src/operations/staff/roles.ts";
import { scopesOf } from "../../../src/platform/http/scope.ts";

describe("the roles", () => {
  it("let the owner alone manage staff", ({ expect }) => {
    const mayManage = Object.entries(ROLES).filter(([, grants]) =>
      scopesOf(grants).includes("staff:write"),
    );
    expect(mayManage.map(([role]) => role)).toEqual(["owner"]);
  });

  it("let an auditor see everything and change nothing", ({ expect }) => {
    const scopes = scopesOf(ROLES.auditor);
    expect(scopes.length).toBeGreaterThan(10);
    expect(scopes.every((scope) => scope.endsWith(":read"))).toBe(true);
  });

  it("name only grants that there are", ({ expect }) => {
    const known: readonly string[] = Grant.options;
    expect(
      Object.values(ROLES)
        .flat()
        .filter((grant) => !known.includes(grant)),
    ).toEqual([]);
  });
});

describe("isWithin", () => {
  it.for([
    [["*"], ["*"], true],
    [["*"], ROLES.operator, false],
    [["*:read"], ROLES.operator, false],
    [["*:read"], ["*"], true],
    [["orders:read", "catalog:write"], ROLES.operator, true],
    [["staff:read"], ROLES.operator, false],
    [[], [], true],
  ] as const)("%j in %j: %s", ([grants, limit, expected], { expect }) => {
    expect(isWithin(grants, limit)).toBe(expected);
  });

  it("means that nothing is gained, whatever the sets", ({ expect }) => {
    const grants = fc.subarray([...Grant.options]);
    fc.assert(
      fc.property(grants, grants, (asked, limit) => {
        const gained = scopesOf(asked).filter((scope) => !scopesOf(limit).includes(scope));
        expect(isWithin(asked, limit)).toBe(gained.length === 0);
      }),
    );
  });
});
