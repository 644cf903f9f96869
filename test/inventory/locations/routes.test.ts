import { describe, expect, it } from "vitest";
import { ops } from "../../promotions/purchase.ts";

type Location = { code: string; name: string; priority: number; postalPrefixes: string[] };
type Page = { items: Location[] };
type Acts = {
  items: { action: string; target: { code?: string }; outcome: { before?: unknown } | null }[];
};

const ownCode = () => `t-${crypto.randomUUID().slice(0, 13)}`;

describe("/ops/v1/locations", () => {
  it("always knows the default location", async () => {
    const { status, body } = await ops<Page>("GET", "/locations");
    expect(status).toBe(200);
    expect(body.items.map(({ code }) => code)).toContain("default");
  });

  it("describes a location, replaces what it said, and writes both into the audit log", async () => {
    const code = ownCode();
    const first = { name: "Corner shop", country: "US", postalPrefixes: ["972 0"] };
    const made = await ops<Location>("PUT", `/locations/${code}`, first);
    expect(made.status).toBe(200);
    expect(made.body).toEqual({
      ...first,
      code,
      postalPrefixes: ["9720"],
      priority: 100,
      ships: true,
      localDelivery: null,
      pickup: null,
      active: true,
    });
    const changed = { ...first, name: "Corner", pickup: { priceMinor: 0 }, active: false };
    await ops("PUT", `/locations/${code}`, changed);
    const { items } = (await ops<Page>("GET", "/locations")).body;
    expect(items.find((location) => location.code === code)).toMatchObject({
      name: "Corner",
      pickup: { priceMinor: 0 },
      active: false,
    });
    const acts = (await ops<Acts>("GET", "/audit?limit=100")).body.items.filter(
      ({ action, target }) => action === "location.changed" && target.code === code,
    );
    expect(acts).toHaveLength(2);
    expect(acts.map(({ outcome }) => outcome?.before)).toEqual([
      expect.objectContaining({ name: "Corner shop" }),
      null,
    ]);
  });

  it.each([
    ["a country by name", { country: "Oregon" }],
    ["a prefix of nothing", { postalPrefixes: [" - "] }],
    ["a price below zero", { pickup: { priceMinor: -1 } }],
  ])("refuses %s", async (_, wrong) => {
    const body = { name: "Shop", country: "US", ...wrong };
    expect((await ops("PUT", `/locations/${ownCode()}`, body)).status).toBe(422);
  });
});
