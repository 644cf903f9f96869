import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type Cart, coupon, ops, ownCode, shopper, usd } from "./purchase.ts";

type Promotion = { id: string; code: string | null; active: boolean; usesMax: number | null };
type Page = { items: Promotion[]; nextCursor: string | null };
type Issued = { id: string; code: string; balance: unknown };
type Invalid = { errors: { pointer: string; code: string }[] };

const TEN = { kind: "percentage", basisPoints: 1_000 };
const promotion = (more: object = {}) => ({ title: "Sale", effect: TEN, code: ownCode(), ...more });

describe("/ops/v1/promotions", () => {
  it("creates once per key, lists the newest first, and pages", async () => {
    const body = promotion({ usesMax: 5 });
    const made = await ops<Promotion>("POST", "/promotions", body, body.code);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ code: body.code, active: true, usesMax: 5 });
    const again = await ops<Promotion>("POST", "/promotions", body, body.code);
    expect(again.body).toEqual(made.body);
    await coupon();
    const first = await ops<Page>("GET", "/promotions?limit=1");
    const second = await ops<Page>(
      "GET",
      `/promotions?limit=100&cursor=${encodeURIComponent(first.body.nextCursor!)}`,
    );
    const ids = second.body.items.map(({ id }) => id);
    expect(ids).toContain(made.body.id);
    expect(ids).not.toContain(first.body.items[0]?.id);
  });

  it("changes what is named and nothing else; a cart sees it at once", async () => {
    const body = promotion();
    const { id } = (await ops<Promotion>("POST", "/promotions", body)).body;
    const { enter, cart } = await shopper();
    await enter("coupons", body.code);
    const changed = await ops<Promotion>("PATCH", `/promotions/${id}`, {
      effect: { kind: "amount", amountMinor: 700 },
      endsAt: "2999-01-01T00:00:00Z",
    });
    expect(changed.body).toMatchObject({ ...body, effect: { kind: "amount", amountMinor: 700 } });
    expect((await cart()).body.totals.discount).toEqual(usd(700));
    await ops("PATCH", `/promotions/${id}`, { active: false });
    expect((await cart()).body satisfies Cart).toMatchObject({
      coupons: [{ reason: "expired" }],
      totals: { discount: usd(0) },
    });
  });

  it.each<[string, object, string]>([
    ["a limit without a code", { code: undefined, usesMax: 1 }, "/usesMax"],
    [
      "an empty window",
      { startsAt: "2026-02-01T00:00:00Z", endsAt: "2026-02-01T00:00:00Z" },
      "/endsAt",
    ],
    [
      "another currency",
      { minimumSubtotal: { amount: 1, currency: "EUR" } },
      "/minimumSubtotal/currency",
    ],
    [
      "more than everything",
      { effect: { kind: "percentage", basisPoints: 10_001 } },
      "/effect/basisPoints",
    ],
    ["no code that can be typed", { code: "no spaces" }, "/code"],
  ])("refuses %s, with a pointer", async (_name, more, pointer) => {
    const refused = await ops<Invalid>("POST", "/promotions", promotion(more));
    expect(refused.status).toBe(422);
    expect(refused.body.errors.map((each) => each.pointer)).toEqual([pointer]);
  });

  it("refuses a code that is taken, an unknown promotion and a change of nothing", async () => {
    const code = await coupon();
    const taken = await ops<Invalid>("POST", "/promotions", promotion({ code }));
    expect(taken.body.errors).toMatchObject([{ pointer: "/code", code: "code_taken" }]);
    expect((await ops("PATCH", "/promotions/prm_nope", { active: false })).status).toBe(404);
    expect((await ops("PATCH", "/promotions/prm_nope", {})).status).toBe(422);
  });
});

describe("/ops/v1/vouchers", () => {
  it("shows the code once and finds it by code or id", async () => {
    const issued = await ops<Issued>("POST", "/vouchers", { amount: usd(5_000) });
    expect(issued.status).toBe(201);
    expect(issued.body.code).toMatch(/^(?:[0-9A-Z]{4}-){4}[0-9A-Z]{4}$/);
    const byCode = await ops<{ code: string }>("GET", `/vouchers/${issued.body.code}`);
    expect(byCode.body).toMatchObject({
      id: issued.body.id,
      balance: usd(5_000),
      ledger: [{ kind: "issue", amount: 5_000, balance: 5_000 }],
    });
    expect(byCode.body.code).toBe(`••••${issued.body.code.slice(-4)}`);
    expect((await ops("GET", `/vouchers/${issued.body.id}`)).body).toEqual(byCode.body);
    expect((await ops("GET", "/vouchers/ABCD-EFGH")).status).toBe(404);
  });

  it("issues once per key, tells the same code, and stores it nowhere", async () => {
    const key = crypto.randomUUID();
    const issue = (amount: number) =>
      ops<Issued>("POST", "/vouchers", { amount: usd(amount) }, key);
    const [first, again] = [await issue(5_000), await issue(5_000)];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("Idempotent-Replayed")).toBe("true");
    expect((await issue(6_000)).status).toBe(422);
    const kept = await env.VOUCHER.getByName(first.body.id).view();
    expect(JSON.stringify(kept)).not.toContain(first.body.code.replaceAll("-", ""));
  });

  it("leaves a row in the audit log, without the code", async () => {
    const issued = await ops<Issued>("POST", "/vouchers", { amount: usd(1_234) });
    type Log = { items: { action: string; outcome: { id?: string } | null }[] };
    const log = await ops<Log>("GET", "/audit?limit=100");
    const row = log.body.items.find(({ outcome }) => outcome?.id === issued.body.id);
    expect(row).toMatchObject({ action: "voucher.issued", target: { amount: usd(1_234) } });
    expect(JSON.stringify(row)).not.toContain(issued.body.code);
  });

  it("refuses another currency and an end that is over", async () => {
    const euros = await ops("POST", "/vouchers", { amount: { amount: 1, currency: "EUR" } });
    const over = { amount: usd(1), expiresAt: "2020-01-01T00:00:00Z" };
    expect([euros.status, (await ops("POST", "/vouchers", over)).status]).toEqual([422, 422]);
  });
});
