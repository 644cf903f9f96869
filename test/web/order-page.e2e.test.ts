import { describe } from "vitest";
import { test } from "../support/browser.ts";
import { eventually, type ShopTools } from "../support/e2e-shop.ts";
import { Shopper } from "../support/shopper.ts";
import { mailLink } from "./mail-link.ts";

async function buy(shop: ShopTools, sku: string, quantity = 1) {
  const shopper = new Shopper(shop);
  const quoted = await shopper.quote(sku, quantity);
  const { order } = (await shopper.pay(quoted)).body;
  const link = `${shop.apiUrl}/order/${order.id}#token=${order.token}`;
  return { order, email: shopper.email, link };
}

const TITLE = "Mug of the page";

/** One purchase for all that only look at it, by the link of its confirmation's mail. */
const it = test.extend("bought", { scope: "file" }, async ({ shop }) => {
  await shop.sell("PAGE-MUG", { price: "12.50", title: TITLE });
  const { order, email } = await buy(shop, "PAGE-MUG", 2);
  return { order, ...(await mailLink(shop, email, order.number)) };
});

describe("the order page", () => {
  it("shows what was bought, and keeps the link's token to itself", async ({
    shop,
    bought: { order, link, token },
    visitor,
    expect,
  }) => {
    const { page, requests } = visitor;
    await page.goto(link);
    await page.getByRole("heading", { level: 1, name: `Order ${order.number}` }).waitFor();
    expect(await page.title()).toBe(`Order ${order.number}`);
    const lines = page.getByRole("table", { name: "What you bought" });
    expect(await lines.getByRole("row").allInnerTexts()).toEqual([`2 × ${TITLE}\t$25.00`]);
    const cost = page.getByRole("table", { name: "What it cost" });
    expect(await cost.getByRole("row").allInnerTexts()).toEqual([
      "Subtotal\t$25.00",
      "Shipping\t$4.99",
      "Total\t$29.99",
    ]);
    expect(await page.getByRole("status").textContent()).toMatch(/payment/);

    expect(page.url()).toBe(`${shop.apiUrl}/order/${order.id}`);
    expect(await page.evaluate("history.length")).toBe(2); // And the empty page before it.
    const sent = await Promise.all(requests.map((request) => request.allHeaders()));
    for (const headers of sent) expect(headers.referer ?? "").toBe("");
    for (const request of requests) expect(request.url()).not.toContain(token);
    expect(sent.filter((headers) => headers["order-token"] === token)).toHaveLength(1);
  });

  it("shows names that are markup as the text that they are", async ({ shop, visitor, expect }) => {
    const title = `<img src=x onerror="document.title='bent'"><script>document.title="bent"</script>`;
    await shop.sell("PAGE-HOSTILE", { title });
    const { link } = await buy(shop, "PAGE-HOSTILE");
    await visitor.page.goto(link);
    await visitor.page.getByRole("rowheader", { name: `1 × ${title}` }).waitFor();
    expect(await visitor.page.locator("main").locator("img, script").count()).toBe(0);
    expect(await visitor.page.title()).toMatch(/^Order /);
  });

  it("fits on a small screen, whatever a product is called", async ({ shop, visitor, expect }) => {
    await shop.sell("PAGE-LONG", { title: "Donaudampfschifffahrt".repeat(8), price: "123456.78" });
    const { link } = await buy(shop, "PAGE-LONG");
    await visitor.page.setViewportSize({ width: 320, height: 568 });
    await visitor.page.goto(link);
    await visitor.page.getByRole("table", { name: "What it cost" }).waitFor();
    const width = "document.documentElement.scrollWidth";
    expect(await visitor.page.evaluate(width)).toBe(320);
  });

  it("follows its order to the parcel, and leads to the carrier", async ({
    shop,
    visitor,
    expect,
  }) => {
    await shop.sell("PAGE-PARCEL");
    const { order, link } = await buy(shop, "PAGE-PARCEL");
    const trackingUrl = "https://carrier.example/track/PP1";
    const parcel = { carrier: "Pigeon Post", tracking: "PP1", trackingUrl };
    const path = `/ops/v1/orders/${order.id}/shipments`;
    // Nothing leaves before it is paid for, which is a queue's work.
    await eventually(
      () => shop.call("POST", path, { body: parcel }),
      ({ status }) => status === 200,
    );
    const { page } = visitor;
    await page.goto(link);
    await page.getByRole("heading", { level: 2, name: "Shipment 1 of 1: sent" }).waitFor();
    await page.keyboard.press("Tab");
    const tracking = page.getByRole("link", { name: "Pigeon Post, PP1" });
    expect(await tracking.evaluate((link) => link.matches(":focus-visible"))).toBe(true);
    expect(await tracking.getAttribute("href")).toBe(trackingUrl);
  });

  it("says so when the link is not whole, was opened without one, or is a bookmark", async ({
    bought: { order, link, token },
    visitor,
    expect,
  }) => {
    const { page } = visitor;
    const says = (text: string) => page.getByRole("status").filter({ hasText: text }).waitFor();
    await page.goto(`/order/${order.id}#token=${token.slice(0, -4)}`);
    await says("There is no such order, or the link is not whole.");
    // The whole link in the same tab: only its fragment is another.
    await page.goto(link);
    await says("payment");
    await page.reload();
    await says("Open this page by the link in your mail.");
    expect(await page.getByRole("table").count()).toBe(0);
  });

  it("shows nothing any more to who comes back to it", async ({ bought, visitor, expect }) => {
    const { link, order } = bought;
    const { page } = visitor;
    await page.goto(link);
    await page.getByRole("table", { name: "What it cost" }).waitFor();
    await page.goto("/account/forgot");
    // Out of the browser's memory a page comes without loading.
    await page.goBack({ waitUntil: "commit" });
    await page.getByText("Open this page by the link in your mail.").waitFor();
    expect(await page.locator("body").textContent()).not.toContain(order.number);
  });

  it("says that it waits, that nobody was reached, and tries again when told to", async ({
    bought: { link, order },
    visitor,
    expect,
  }) => {
    const { page } = visitor;
    await page.clock.install();
    let cut = () => {};
    await page.route("**/api/**", async (route) => {
      await new Promise<void>((resolve) => {
        cut = resolve;
      });
      await route.abort("internetdisconnected");
    });
    const asked = page.waitForRequest("**/api/**");
    await page.goto(link);
    await asked;
    await page.clock.fastForward(5_000);
    await page.getByText("This takes longer than usual.").waitFor();
    cut();
    await page.getByText("The shop cannot be reached.").waitFor();
    await page.unroute("**/api/**");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: `Order ${order.number}` }).waitFor();
    expect(await page.getByRole("button").count()).toBe(0);
  });
});
