import { describe, expect, it } from "vitest";
import { CatalogEvent } from "../../src/catalog/events.ts";
import { Envelope } from "../../src/platform/queues/envelope.ts";

describe("CatalogEvent", () => {
  it("travels in an envelope and comes out as it went in", () => {
    const events: CatalogEvent[] = [
      CatalogEvent.parse({ type: "product.changed.v1", data: { productIds: ["prd_1"] } }),
      CatalogEvent.parse({
        type: "product.stock_crossed.v1",
        data: { productIds: ["prd_1", "prd_2"] },
      }),
      CatalogEvent.parse({ type: "category.changed.v1", data: { categoryIds: ["cat_1"] } }),
      CatalogEvent.parse({ type: "price_rule.changed.v1", data: { ruleIds: ["rul_1"] } }),
      CatalogEvent.parse({ type: "price_order.changed.v1", data: { productIds: ["prd_1"] } }),
    ];
    for (const event of events) {
      const at = { id: "evt_1", occurredAt: "2026-11-01T00:00:00.000Z", trace: "req_1" };
      const sent = JSON.stringify(Envelope.parse({ ...at, ...event }));
      expect(CatalogEvent.parse(JSON.parse(sent))).toEqual(event);
    }
  });

  it("names at least one thing that changed, by an id of its kind", () => {
    const refused = [
      { type: "product.changed.v1", data: { productIds: [] } },
      { type: "product.changed.v1", data: { productIds: ["cat_1"] } },
      { type: "product.changed.v2", data: { productIds: ["prd_1"] } },
    ];
    expect(refused.filter((event) => CatalogEvent.safeParse(event).success)).toEqual([]);
  });
});
