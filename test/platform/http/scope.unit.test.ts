import { describe, it } from "vitest";
import { AREAS, allows, SCOPES, scopesOf } from "../../../src/platform/http/scope.ts";

describe("allows", () => {
  it.for([
    [["*"], "staff:write", true],
    [["*:read"], "staff:read", true],
    [["*:read"], "orders:write", false],
    [["orders:write"], "orders:read", true],
    [["orders:read"], "orders:write", false],
    [["orders:write"], "inventory:read", false],
    [[], "orders:read", false],
    [["orders", "orders:", ":read", "ORDERS:READ", "orders:*"], "orders:read", false],
  ] as const)("%j %s: %s", ([grants, scope, expected], { expect }) => {
    expect(allows(grants, scope)).toBe(expected);
  });
});

describe("scopesOf", () => {
  it("knows two scopes for each area, and everything by its sign", ({ expect }) => {
    expect(SCOPES).toHaveLength(2 * AREAS.length);
    expect(scopesOf(["*"])).toEqual(SCOPES);
    expect(scopesOf([])).toEqual([]);
  });

  it("takes what all sets cover, however they say it", ({ expect }) => {
    expect(scopesOf(["*:read"], ["orders:write", "staff:write"])).toEqual([
      "orders:read",
      "staff:read",
    ]);
    expect(scopesOf(["*"], ["orders:write"])).toEqual(["orders:read", "orders:write"]);
    expect(scopesOf(["orders:write"], ["inventory:write"])).toEqual([]);
  });
});
