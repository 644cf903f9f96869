import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { describe } from "vitest";
import { test as it } from "../support/browser.ts";
import type { ShopTools } from "../support/e2e-shop.ts";
import { mailLink } from "./mail-link.ts";

const PASSWORD = "a compiler for everybody";
const anyone = () => `shopper-${randomUUID()}@example.com`;

const auth = <T = unknown>(shop: ShopTools, path: string, body: object) =>
  shop.call<T>("POST", `/api/v2/auth/${path}`, { body });

async function register(shop: ShopTools, email: string): Promise<string> {
  await auth(shop, "register", { email, password: PASSWORD });
  return (await mailLink(shop, email, "Confirm")).link;
}

async function account(shop: ShopTools): Promise<string> {
  const email = anyone();
  const token = (await register(shop, email)).split("#token=")[1];
  await auth(shop, "verify-email", { token });
  return email;
}

const says = (page: Page, text: string) =>
  page.getByRole("status").filter({ hasText: text }).waitFor();

/** What has the focus, by its id. */
const focused = (page: Page) => page.evaluate("document.activeElement.id");

describe("the page that confirms an address", () => {
  it("makes the account, once, and says so when it was made already", async ({
    shop,
    visitor: { page },
    expect,
  }) => {
    const email = anyone();
    const link = await register(shop, email);
    await page.goto(link);
    await says(page, "Your account is ready");
    expect(page.url()).toBe(`${shop.apiUrl}/account/verify`);
    expect((await auth(shop, "login", { email, password: PASSWORD })).status).toBe(200);
    await page.goto(link);
    await says(page, "This link was used already");
    await page.goto("/account/verify#token=made-up");
    await says(page, "This link was used already");
    await page.reload();
    await says(page, "Open this page by the link in your mail.");
  });

  it("does not call a link used up because the shop cannot be reached", async ({
    shop,
    visitor: { page, context },
    expect,
  }) => {
    const email = anyone();
    const link = await register(shop, email);
    await page.route("**/api/**", (route) =>
      route.fulfill({ status: 503, json: { title: "A system this request needs is unavailable" } }),
    );
    await page.goto(link);
    await says(page, "The shop cannot answer right now.");
    await page.unroute("**/api/**");
    await context.setOffline(true);
    await page.getByRole("button", { name: "Try again" }).click();
    await says(page, "The shop cannot be reached.");
    await context.setOffline(false);
    await page.getByRole("button", { name: "Try again" }).click();
    await says(page, "Your account is ready");
    expect(await page.getByRole("button").count()).toBe(0);
  });
});

describe("the page that confirms a new address", () => {
  it("gives the account its new address by the mail's link", async ({
    shop,
    visitor: { page },
    expect,
  }) => {
    const email = await account(shop);
    const { body } = await auth<{ accessToken: string }>(shop, "login", {
      email,
      password: PASSWORD,
    });
    const headers = { Authorization: `Bearer ${body.accessToken}` };
    const next = anyone();
    await shop.call("POST", "/api/v2/me/email", { body: { email: next }, headers });
    const { link } = await mailLink(shop, next, "new e-mail address");
    await page.goto(link);
    await says(page, `${next} is the address of your account now.`);
    const me = await shop.call("GET", "/api/v2/me", { headers });
    expect(me.body).toMatchObject({ email: next });
  });
});

describe("the pages for a password that was forgotten", () => {
  it("set a new one, by the keyboard alone, and the link is good once", async ({
    shop,
    visitor: { page, requests },
    expect,
  }) => {
    const email = await account(shop);
    await page.goto("/account/forgot");
    await page.keyboard.press("Tab");
    await page.keyboard.type(email);
    await page.keyboard.press("Enter");
    await says(page, "a link is on its way");
    expect(await focused(page)).toBe("status");

    const { link, token } = await mailLink(shop, email, "new password");
    await page.goto(link);
    const fill = async (password: string, again: string) => {
      await page.getByLabel("New password").fill(password);
      await page.getByLabel("The same password again").fill(again);
      await page.keyboard.press("Enter");
    };
    await fill("another compiler", "another compiller");
    await says(page, "These are two different passwords.");
    expect(await focused(page)).toBe("again");
    expect(await page.getByLabel("The same").getAttribute("aria-invalid")).toBe("true");
    await fill("short", "short");
    expect(await page.locator("#password:invalid").count()).toBe(1);
    await fill("password123", "password123");
    await says(page, "This password cannot be taken:");
    expect(await focused(page)).toBe("password");
    const password = "another compiler for everybody";
    await fill(password, password);
    await says(page, "Your new password is set");
    expect(await focused(page)).toBe("status");
    expect(await page.getByRole("textbox").count()).toBe(0);

    expect((await auth(shop, "login", { email, password: PASSWORD })).status).toBe(401);
    expect((await auth(shop, "login", { email, password })).status).toBe(200);
    await page.goto(link);
    await fill(PASSWORD, PASSWORD);
    await says(page, "This link is used up or too old.");
    for (const request of requests) expect(request.url()).not.toContain(token);
  });

  it("keep what was typed, and the focus, while the shop is away", async ({
    visitor: { page, context },
    expect,
  }) => {
    await page.goto("/account/forgot");
    await page.getByLabel("Your e-mail address").fill(anyone());
    await context.setOffline(true);
    const button = page.getByRole("button", { name: "Send me a link" });
    await button.focus();
    await page.keyboard.press("Enter");
    await says(page, "The shop cannot be reached.");
    expect(await button.evaluate((element) => element.matches(":focus"))).toBe(true);
    await context.setOffline(false);
    await page.keyboard.press("Enter");
    await says(page, "a link is on its way");
  });
});

describe("the page for a sign-in elsewhere", () => {
  it("goes there and comes back signed in, with no trace in its address, and signs out", async ({
    premises,
    shop,
    visitor: { page, mayAsk },
    expect,
  }) => {
    mayAsk.add(premises.issuer);
    await page.goto("/sign-in/local");
    await says(page, "Sign in by your account elsewhere.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Grace Hopper" }).click();
    await says(page, "You are signed in as grace@example.com.");
    expect(page.url()).toBe(`${shop.apiUrl}/sign-in/local`);
    const kept = "JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])";
    expect(await page.evaluate(kept)).toBe('[{},{},""]');
    await page.getByRole("button", { name: "Sign out" }).click();
    await says(page, "You are signed out.");
    await page.reload();
    await says(page, "Sign in by your account elsewhere.");
  });

  it("refuses an answer that this window did not ask for, and a provider nobody knows", async ({
    visitor: { page },
    expect,
  }) => {
    await page.goto("/sign-in/local?code=stolen&state=guessed");
    await says(page, "This sign-in was not begun in this window.");
    expect(page.url()).not.toContain("stolen");
    await page.goto("/sign-in/nobody");
    await page.getByRole("button", { name: "Continue" }).click();
    await says(page, "The shop knows no such sign-in.");
  });
});
