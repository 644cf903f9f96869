import { describe, it } from "vitest";
import { call } from "../support/worker-shop.ts";

type Audit = {
  items: { id: string; actor: string; action: string; target: { tags?: string[] }; at: string }[];
  nextCursor: string | null;
};
const audit = async (query = "") => (await call<Audit>("GET", `/ops/v1/audit${query}`)).body;
const purge = (body: object, headers: Record<string, string> = {}) =>
  call<{ position: number }>("POST", "/ops/v1/purge", { body, headers });

describe("GET /ops/v1/audit", () => {
  it("has a row for every purge, with its actor, and none for a dry run", async ({ expect }) => {
    const tag = `product:${crypto.randomUUID()}`;
    const { status, headers } = await purge({ tags: [tag] });
    expect(status).toBe(200);
    await purge({ tags: [tag], dryRun: true });
    const { items } = await audit("?limit=50");
    const rows = items.filter(({ target }) => target.tags?.includes(tag));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      action: "pages.purged",
      requestId: headers.get("X-Request-Id"),
      target: { tags: [tag] },
      outcome: { status: 200, tags: [tag] },
    });
    expect(rows[0]!.actor.length).toBeGreaterThan(0);
  });

  it("is read page by page without a gap or a repeat, the newest first", async ({ expect }) => {
    const tags = Array.from({ length: 5 }, () => `product:${crypto.randomUUID()}`);
    for (const tag of tags) await purge({ tags: [tag] });
    const seen: string[] = [];
    let cursor: string | null = "";
    // Other tests act meanwhile: theirs are passed over.
    while (cursor !== null && !seen.includes(tags[0]!)) {
      const page: Audit = await audit(`?limit=2${cursor && `&cursor=${cursor}`}`);
      const ours = page.items.flatMap(({ target }) => target.tags ?? []);
      seen.push(...ours.filter((tag) => tags.includes(tag)));
      // A new row meanwhile shifts nothing.
      if (cursor === "") await purge({ tags: ["product:meanwhile"] });
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(tags.toReversed());
  });

  it.for(["limit=0", "limit=101", "cursor=nonsense", "cursor=1.aud_x%27--"])(
    "refuses %s",
    async (query, { expect }) => {
      expect((await call("GET", `/ops/v1/audit?${query}`)).status).toBe(422);
    },
  );

  it("repeats a purge's answer under its key, and purges once", async ({ expect }) => {
    const headers = { "Idempotency-Key": crypto.randomUUID() };
    const body = { tags: [`product:${crypto.randomUUID()}`] };
    const [first, second] = [await purge(body, headers), await purge(body, headers)];
    expect(second.body).toEqual(first.body);
    expect(second.headers.get("Idempotent-Replayed")).toBe("true");
    const { items } = await audit("?limit=50");
    expect(items.filter(({ target }) => target.tags?.[0] === body.tags[0])).toHaveLength(1);
  });
});
