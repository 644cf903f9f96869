import { describe } from "vitest";
import { test as it } from "../support/browser.ts";
import { member, press } from "./in-front-end.ts";

const CONTACT = {
  email: "ada@example.com",
  shippingAddress: {
    name: "Ada <script>document.title='bent'</script>",
    line1: "12 Analytical Way",
    city: "Portland",
    region: "OR",
    postalCode: "97201",
    country: "US",
  },
};

describe("a front end of an origin that the shop knows", () => {
  it("browses, fills a cart that outlives the page, and buys, by the typed client", async ({
    premises: { frontEnd },
    shop,
    visitor: { page, mayAsk, context },
    expect,
  }) => {
    mayAsk.add(frontEnd);
    await shop.sell("FRONT-MUG", { price: "12.50" });
    await page.goto(frontEnd);
    const api = shop.apiUrl;
    expect(await press(page, "browse", api)).toEqual({ found: expect.any(Number) });
    await press(page, "add", api, { sku: "FRONT-MUG", quantity: 1 });
    await page.reload();
    await press(page, "add", api, { sku: "FRONT-MUG", quantity: 1 });
    const bought = await press(page, "buy", api, CONTACT);
    expect(bought).toMatchObject({
      lines: [{ title: "FRONT-MUG", quantity: 2 }],
      totals: { total: { amount: 2_999 } },
    });
    // Also what goes wrong can be read: which refusal, and its number for the shop's operators.
    const refused = await press(page, "add", api, { sku: "NO-SUCH-THING", quantity: 1 });
    expect(refused).toMatchObject({ refused: "sku-unknown", requestId: expect.any(String) });
    expect(await context.cookies()).toEqual([]);
  });

  it("is asked once whether it may, for all calls of a kind", async ({
    premises: { frontEnd },
    shop,
    visitor: { page, context, mayAsk },
    expect,
  }) => {
    mayAsk.add(frontEnd);
    await shop.sell("FRONT-TWICE");
    await page.goto(frontEnd);
    const preflights: string[] = [];
    const session = await context.newCDPSession(page);
    session.on("Network.requestWillBeSent", ({ request }) => {
      if (request.method === "OPTIONS") preflights.push(request.url);
    });
    await session.send("Network.enable");
    const line = { sku: "FRONT-TWICE", quantity: 1 };
    await press(page, "add", shop.apiUrl, line); // Without a cart's token: another list of headers.
    for (let times = 0; times < 3; times += 1) await press(page, "add", shop.apiUrl, line);
    const path = `${shop.apiUrl}/api/v2/cart/lines`;
    expect(preflights.length).toBeGreaterThan(0);
    expect(preflights.length).toBeLessThanOrEqual(2);
    expect(new Set(preflights)).toEqual(new Set([path]));
  });

  it("keeps its shopper signed in over a reload, and nothing of them after they sign out", async ({
    premises: { frontEnd },
    shop,
    visitor: { page, mayAsk, context },
    expect,
  }) => {
    mayAsk.add(frontEnd);
    const account = await member(shop);
    await page.goto(frontEnd);
    const api = shop.apiUrl;
    expect(await press(page, "signIn", api, account)).toMatchObject({ status: "signed-in" });
    await page.reload();
    expect(await press(page, "me", api)).toMatchObject({ email: account.email });
    const accessToken = await page.evaluate("JSON.parse(localStorage.session).accessToken");
    expect(await press(page, "recall", api, accessToken)).toEqual({
      status: 200,
      isNumbered: true,
    });
    await press(page, "signOut", api);
    await page.goto(`${api}/account/forgot`);
    await page.goBack({ waitUntil: "commit" });
    await expect
      .poll(() => press(page, "recall", api, accessToken))
      .toEqual({ status: 401, isNumbered: true });
    expect(await press(page, "me", api)).toMatchObject({ refused: "unauthorized" });
    expect(await context.cookies()).toEqual([]);
  });
});

describe("a page of an origin that the shop does not know", () => {
  it("can read nothing and change nothing, and has no cookies to ride on", async ({
    premises: { stranger },
    shop,
    visitor: { page, mayAsk, complaints, context },
    expect,
  }) => {
    mayAsk.add(stranger);
    await shop.sell("FRONT-STRANGER", { stock: 5 });
    await page.goto(stranger);
    const line = { sku: "FRONT-STRANGER", quantity: 1 };
    for (const [name, given] of [["browse"], ["add", line], ["cart"]] as const) {
      expect(await press(page, name, shop.apiUrl, given), name).toEqual({ thrown: "TypeError" });
    }
    await expect.poll(() => complaints.length).toBe(3);
    for (const complaint of complaints.splice(0)) expect(complaint).toContain("CORS policy");
    const forged = await press(page, "forge", shop.apiUrl, line);
    expect(forged).toEqual({ type: "opaque", cookies: "" });
    expect(await context.cookies()).toEqual([]);
  });
});
