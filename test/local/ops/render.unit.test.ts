import { describe, it } from "vitest";
import type { Consistency, Health, Order, Pages, Stock } from "../../../local/ops/answers.ts";
import {
  renderAudit,
  renderHealth,
  renderOrder,
  renderPages,
  renderPurge,
  renderStock,
} from "../../../local/ops/render.ts";
import { facts, table } from "../../../local/ops/table.ts";

describe("a table", () => {
  it("is as wide as its cells, with numbers to the right", ({ expect }) => {
    const text = table(
      ["name", "count"],
      [
        ["a", 5],
        ["longer", 1_000],
      ],
    );
    expect(text).toBe("name    count\na           5\nlonger   1000");
  });

  it("is its head when there are no rows", ({ expect }) => {
    expect(table(["a", "b"], [])).toBe("a  b");
  });

  it("lets nothing through that a terminal would obey", ({ expect }) => {
    const text = `${table(["a"], [["\u001b[2Jgone\r\n"]])}${facts([["x", "\u009b1m"]])}`;
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});

describe("a purge", () => {
  const purged = { position: 42, tags: ["product:prd_1"], pages: 3 };

  it("says what ended, and by when", ({ expect }) => {
    const effectiveBy = "2026-11-21T00:00:01.500Z";
    const text = renderPurge({ ...purged, effectiveBy }, Date.parse("2026-11-21T00:00:00.500Z"));
    expect(text).toContain("purged        product:prd_1");
    expect(text).toContain(`${effectiveBy} (in 1.0 s)`);
    expect(text).toMatch(/position\s+42/);
  });

  it("says that a dry run was one", ({ expect }) => {
    const text = renderPurge({ ...purged, effectiveBy: null }, 0);
    expect(text).toContain("would purge");
    expect(text).not.toMatch(/^purged/m);
  });

  it("does not fill the screen with tags", ({ expect }) => {
    const tags = Array.from({ length: 500 }, (_, at) => `product:prd_${at}`);
    const text = renderPurge({ ...purged, tags, effectiveBy: null }, 0);
    expect(text).toContain("and 490 more");
    expect(renderPurge({ ...purged, tags: [], effectiveBy: null }, 0)).toContain("everything");
  });
});

describe("the page cache", () => {
  const pages: Pages = {
    entries: 12,
    bytes: 1_234_567,
    served: { "hit-memory": 90, "hit-pop": 5, "hit-global": 0, miss: 5, stale: 0 },
    hitRates: { "hit-memory": 0.9, "hit-pop": 0.5, "hit-global": 0 },
    feed: { position: 7, state: "fresh", ageMs: 420 },
  };

  it("shows each layer's answers and rate, and the feed's lag", ({ expect }) => {
    const text = renderPages(pages);
    expect(text).toContain("1,234,567");
    expect(text).toContain("fresh, 0.4 s behind");
    expect(text).toMatch(/isolate memory\s+90\s+90\.0 %/);
    expect(text).toMatch(/data centre\s+5\s+50\.0 %/);
    expect(text).toMatch(/rendered\s+5\s+-/);
  });

  it("knows a feed that was never asked", ({ expect }) => {
    const feed = { position: 0, state: "blind", ageMs: null } as const;
    expect(renderPages({ ...pages, feed })).toContain("blind, not asked yet");
  });
});

describe("the other answers", () => {
  it("show the health of each part", ({ expect }) => {
    const health: Health = {
      status: "degraded",
      version: "v1",
      checks: { mysql: { status: "ok", latencyMs: 3 }, neon: { status: "down", latencyMs: 3_000 } },
    };
    expect(renderHealth(health)).toMatch(/shop\s+degraded[\s\S]*neon\s+down\s+3000 ms/);
  });

  it("show an order, its money in the currency's own digits, and its events", ({ expect }) => {
    const yen = (amount: number) => ({ amount, currency: "JPY" });
    const order = {
      id: "ord_1",
      number: "F-1",
      status: "paid",
      email: "ada@example.com",
      lines: [{ sku: "MUG-1", quantity: 2, total: yen(3_000) }],
      totals: { total: yen(3_000) },
      payment: { status: "captured", processor: "stripe", captured: yen(3_000), refunded: yen(0) },
      createdAt: "2026-11-21T00:00:00.000Z",
      events: [
        {
          sequence: 1,
          type: "order.placed.v1",
          occurredAt: "2026-11-21T00:00:00.000Z",
          actor: { kind: "shopper", id: "guest" },
          trace: "req_1",
        },
      ],
    } as unknown as Order;
    const text = renderOrder(order);
    expect(text).toContain("¥3,000 captured, ¥0 refunded");
    expect(text).toMatch(
      /1\s+order\.placed\.v1\s+2026-11-21T00:00:00\.000Z\s+shopper guest\s+req_1/,
    );
    const dollars = { amount: 1_999, currency: "USD" };
    expect(renderOrder({ ...order, totals: { ...order.totals, total: dollars } })).toContain(
      "$19.99",
    );
  });

  it("show a SKU's stock by location, and its movements", ({ expect }) => {
    const stock = {
      onHand: 10,
      held: 2,
      available: 8,
      locations: [{ location: "default", onHand: 10, held: 2 }],
      ledger: [
        {
          sequence: 1,
          kind: "receive",
          quantity: 10,
          location: "default",
          reference: "m1",
          reason: "delivery",
          occurredAt: "2026-11-21T00:00:00.000Z",
        },
      ],
    } as unknown as Stock;
    const text = renderStock("MUG-1", stock);
    expect(text).toMatch(/available\s+8/);
    expect(text).toMatch(/receive\s+10\s+default\s+delivery/);
  });
});

describe("an audit", () => {
  const none = { findings: [], unknown: [], checked: 12, nextCursor: null };

  it("says how many orders it saw, and nothing more when all are well", ({ expect }) => {
    const text = renderAudit(none);
    expect(text).toMatch(/orders checked\s+12/);
    expect(text).not.toContain("invariant");
  });

  it("names what is wrong, what would mend it, and what it could not ask", ({ expect }) => {
    const orderId = "ord_1" as Consistency["findings"][number]["orderId"];
    const finding = { orderId, invariant: "I14", detail: "no mail", repair: "redrive it" };
    const unknown = [{ orderId, what: "stock" as const }];
    const text = renderAudit({ ...none, findings: [finding], unknown });
    for (const part of ["I14", "ord_1", "no mail", "redrive it", "stock"]) {
      expect(text).toContain(part);
    }
  });
});
