import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { REPOSITORY } from "../../local/stack/runtime.ts";

type Side = { perSecond: number; requests: number; layers: Record<string, number> };
type Comparison = { ours: Side; peer: Side; ratio: Record<"median" | "min" | "max", number> };
type OfOneShop<T> = Record<string, T>;
type Pages = Record<"cold" | "pop" | "global" | "hot", Comparison> & { statementsOnHits: number };
type Sale = { views: number; hits: number; writes: number; stale: number } & Record<
  "rendersAboveOnePerPurge",
  number
>;
type Results = {
  commit: string;
  machine: { cores: number; note: string };
  figures: {
    pages: OfOneShop<Record<"product" | "list", Pages>>;
    database: OfOneShop<Record<"off" | "filling" | "full", number>>;
    purge: OfOneShop<{
      one: { purges: number; p50Ms: number };
      many: Record<"pages" | "changed" | "missed" | "needless" | "lastStaleMs", number>;
    }>;
    "flash-sale": OfOneShop<Record<"cold" | "warm", Sale>>;
    cart: OfOneShop<{ newCart: Comparison }>;
    stock: OfOneShop<{ holds: Comparison }>;
    checkout: OfOneShop<{
      alone: { purchases: number; p50Ms: number };
      eight: { purchases: number; perMinute: number };
      money: { checkouts: number; wrong: number };
    }>;
    identity: OfOneShop<{
      signedIn: Comparison;
      addedSteps: number;
      hashes: { p50Ms: number }[];
      refusals: { count: number };
      refresh: { count: number };
    }>;
  };
};

const dir = mkdtempSync("/tmp/frontage-bench-");
const PRODUCTS = "300";
const LAYER_OF = { cold: "miss", pop: "hit-pop", global: "hit-global", hot: "hit-memory" } as const;

// The bench itself fails when a request is refused or a connection breaks. No time is asserted here:
// what a busy machine measures says nothing, but what was counted must be right on any.
describe("npm run bench -- --quick", () => {
  let results: Results;

  beforeAll(async () => {
    const out = join(dir, "results.json");
    const entry = join(REPOSITORY, "local/bench.ts");
    const args = ["--disable-warning=ExperimentalWarning", entry, "--quick", "--dir", dir];
    await promisify(execFile)(process.execPath, [...args, "--out", out], { cwd: REPOSITORY });
    results = JSON.parse(readFileSync(out, "utf8")) as Results;
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const isMeasured = ({ ours, peer, ratio }: Comparison) =>
    ours.requests > 0 && peer.requests > 0 && ratio.min > 0 && ratio.min <= ratio.max;

  it("builds Workers that know nothing of the proof's fault points", ({ expect }) => {
    const built = join(dir, "build");
    const bundles = readdirSync(built).map((name) =>
      readFileSync(join(built, name, "index.js"), "utf8"),
    );
    expect(bundles.length).toBeGreaterThan(4);
    for (const mark of ["PROOF_URL", "resetAround", "watchBindings", "faults/blackbox"]) {
      expect(bundles.filter((bundle) => bundle.includes(mark))).toEqual([]);
    }
  });

  it("says where and of what the figures were taken", ({ expect }) => {
    expect(results.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(results.machine.note).toContain(`${results.machine.cores} cores`);
  });

  it("answers each page from the layer that was to be measured, and hits without a statement", ({
    expect,
  }) => {
    for (const kind of Object.values(results.figures.pages[PRODUCTS]!)) {
      for (const [figure, layer] of Object.entries(LAYER_OF)) {
        const compared = kind[figure as keyof typeof LAYER_OF];
        expect(isMeasured(compared)).toBe(true);
        expect(compared.ours.layers).toEqual({ [layer]: compared.ours.requests });
      }
      expect(kind.statementsOnHits).toBe(0);
    }
  });

  it("browses a full cache without a statement, and a filling one with fewer than none", ({
    expect,
  }) => {
    const { off, filling, full } = results.figures.database[PRODUCTS]!;
    expect(full).toBe(0);
    expect(filling).toBeGreaterThan(0);
    expect(filling).toBeLessThan(off);
  });

  it("misses no page when products are re-priced", ({ expect }) => {
    const { one, many } = results.figures.purge[PRODUCTS]!;
    expect(one.purges).toBeGreaterThan(0);
    expect(many.pages).toBeGreaterThanOrEqual(300);
    expect(many.changed).toBeGreaterThanOrEqual(20);
    expect(many.missed).toBe(0);
  });

  it("shows no replaced price in a flash sale, and renders once per page, purge and isolate", ({
    expect,
  }) => {
    for (const sale of Object.values(results.figures["flash-sale"][PRODUCTS]!)) {
      expect(sale.writes).toBeGreaterThan(0);
      expect(sale.hits).toBeGreaterThan(0);
      expect(sale.stale).toBe(0);
      expect(sale.rendersAboveOnePerPurge).toBe(0);
    }
  });

  it("sells, and takes the money of every purchase once", ({ expect }) => {
    expect(isMeasured(results.figures.cart[PRODUCTS]!.newCart)).toBe(true);
    expect(isMeasured(results.figures.stock[PRODUCTS]!.holds)).toBe(true);
    const { alone, eight, money } = results.figures.checkout[PRODUCTS]!;
    expect(alone.purchases).toBeGreaterThan(0);
    expect(eight.purchases).toBeGreaterThan(0);
    expect(money).toEqual({ checkouts: alone.purchases + eight.purchases, wrong: 0 });
  });

  it("signs in, asks nobody more for who is signed in, and exchanges tokens", ({ expect }) => {
    const { signedIn, addedSteps, hashes, refusals, refresh } = results.figures.identity[PRODUCTS]!;
    expect(isMeasured(signedIn)).toBe(true);
    expect(addedSteps).toBe(0);
    expect(hashes.every(({ p50Ms }) => p50Ms > 0)).toBe(true);
    expect(refusals.count).toBeGreaterThan(0);
    expect(refresh.count).toBeGreaterThan(0);
  });
});
