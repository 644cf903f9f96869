import { execFile } from "node:child_process";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, it } from "vitest";
import { eventually, startTestShop, type TestShop } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";

// Never the synchronous form: the stand-ins live in this process and must go on answering.
const run = promisify(execFile);
const OPS = join(import.meta.dirname, "../../local/ops.ts");

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop?.stop());

type Ended = { code: number; stdout: string; stderr: string };

/** The operators' command line, as a process of its own. */
async function ops(...args: string[]): Promise<Ended> {
  const { FRONTAGE_STAFF_KEY: _, ...env } = process.env;
  const call = ["--disable-warning=ExperimentalWarning", OPS, ...args];
  try {
    return { code: 0, ...(await run(process.execPath, call, { env })) };
  } catch (error) {
    return error as Ended;
  }
}
const here = (...args: string[]) => ops(...args, "--url", shop.apiUrl, "--key", shop.staffKey);

const block = (title: string, version: number) =>
  shop.call<{ id: string }>("PUT", "/ops/v1/content/blocks/ops-footer", {
    body: { title, version },
  });
const PATH = "/api/v2/content/blocks/ops-footer";

describe("npm run ops", () => {
  it("purges by tag, by path and all, and each is fresh by the time it says", async ({
    expect,
  }) => {
    const { body } = await block("One", 0);
    const cached = () => shop.call("GET", PATH);
    const warm = () => eventually(cached, ({ headers }) => headers.get("X-Cache") === "hit-memory");
    for (const named of [["--tag", `block:${body.id}`], ["--path", PATH], ["--all"]]) {
      await warm();
      const purged = await here("purge", ...named, "--json");
      expect([purged.code, purged.stderr]).toEqual([0, ""]);
      const { effectiveBy } = JSON.parse(purged.stdout) as { effectiveBy: string };
      const waitMs = Math.max(0, Date.parse(effectiveBy) - Date.now()) + 20;
      await new Promise((wake) => setTimeout(wake, waitMs));
      expect((await cached()).headers.get("X-Cache"), named.join(" ")).toBe("miss");
    }
  });

  it("blocks an address by the time it says, shows who is blocked, and lets it in again", async ({
    expect,
  }) => {
    const headers = { "CF-Connecting-IP": "203.0.113.9", "X-Forwarded-For": "198.51.100.1" };
    const visit = async () => (await shop.call("GET", PATH, { headers })).status;
    const by = async (ended: Ended) => {
      expect([ended.code, ended.stderr]).toEqual([0, ""]);
      const { effectiveBy } = JSON.parse(ended.stdout) as { effectiveBy: string };
      const waitMs = Math.max(0, Date.parse(effectiveBy) - Date.now()) + 20;
      await new Promise((wake) => setTimeout(wake, waitMs));
    };
    await visit();
    await by(await here("block", "203.0.113.0/24", "--reason", "scrapes", "--for", "1h", "--json"));
    expect(await visit()).toBe(403);
    expect((await here("blocks")).stdout).toMatch(/network +203\.0\.113\.0\/24 +scrapes +local/);
    await by(await here("unblock", "203.0.113.0/24", "--json"));
    expect(await visit()).toBe(200);
    expect((await here("flag", "test-one=on", "test-two=blue")).stdout).toMatch(/test-two +blue/);
    expect((await here("flag", "test-one=", "test-two=")).stdout).not.toContain("test-");
  });

  it("ends nothing by a dry run", async ({ expect }) => {
    await eventually(
      () => shop.call("GET", PATH),
      ({ headers }) => headers.get("X-Cache") === "hit-memory",
    );
    const dry = await here("purge", "--path", PATH, "--dry-run");
    expect(dry.code).toBe(0);
    expect(dry.stdout).toMatch(/would purge\s+page:[0-9a-f]{40}\npages here\s+1,/);
    await new Promise((wake) => setTimeout(wake, 1_100));
    expect((await shop.call("GET", PATH)).headers.get("X-Cache")).toBe("hit-memory");
  });

  it("shows the page cache, and the shop's health", async ({ expect }) => {
    const pages = await here("pages");
    expect(pages.stdout).toMatch(/isolate memory\s+\d+\s+\d+\.\d %/);
    expect(pages.stdout).toMatch(/feed\s+fresh, \d\.\d s behind/);
    for (const health of [await here("health"), await ops("health", "--url", shop.apiUrl)]) {
      expect([health.code, health.stdout]).toEqual([0, expect.stringMatching(/^shop\s+ok/)]);
    }
  });

  it("shows an order with its events, and a SKU's stock", async ({ expect }) => {
    await shop.sell("OPS-1", { price: "10.00", stock: 5 });
    const shopper = new Shopper(shop);
    const { body } = await shopper.pay(await shopper.quote("OPS-1", 2));
    const order = await here("order", body.order.id);
    expect(order.stdout).toContain(body.order.number);
    expect(order.stdout).toMatch(/1\s+order\.placed\.v1/);
    const stock = await eventually(
      () => here("stock", "OPS-1"),
      ({ stdout }) => /on hand\s+3/.test(stdout),
    );
    expect(stock.stdout).toMatch(/commit/);
  });

  it("ends with 1 and the reason when the shop refuses, with 2 for bad usage", async ({
    expect,
  }) => {
    const refused = await here("purge", "--tag", "no tag");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("/tags/0")]);
    const wrongKey = await ops("pages", "--url", shop.apiUrl, "--key", "wrong");
    expect([wrongKey.code, wrongKey.stderr]).toEqual([1, expect.stringContaining("401")]);
    expect((await here("order", `ord_${"0".repeat(26)}`)).code).toBe(1);
    const nobody = await ops("health", "--url", "http://127.0.0.1:9");
    expect(nobody.code).toBe(1);
    const bad = await here("purge", "--everything");
    expect([bad.code, bad.stderr]).toEqual([2, expect.stringContaining("Usage: npm run ops")]);
    const help = await ops("--help");
    expect([help.code, help.stderr]).toEqual([0, ""]);
  });
});

describe("70 · a request that two servers could read in two ways", () => {
  /** Sends bytes as they are, and waits until the server has closed the connection. */
  const sendRaw = (bytes: string) =>
    new Promise<string>((resolve, reject) => {
      let answer = "";
      const socket = connect(shop.ports.api, "127.0.0.1");
      socket.on("data", (chunk) => {
        answer += chunk;
      });
      socket.on("error", reject);
      socket.on("close", () => resolve(answer));
      socket.write(bytes);
    });
  const head =
    "POST /api/v2/cart/lines HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\n";
  const smuggled = "GET /api/v2/cart HTTP/1.1\r\nHost: shop\r\n\r\n";

  it.for([
    [
      "a length and chunks",
      `${head}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 41\r\n\r\n{}${smuggled}`],
    [
      "an encoding that is almost chunked",
      `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    ],
    ["a length with a sign", `${head}Content-Length: +2\r\n\r\n{}${smuggled}`],
  ])("70 · %s is refused once, and the connection closed", async ([, bytes], { expect }) => {
    const answer = await sendRaw(bytes!);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });
});
