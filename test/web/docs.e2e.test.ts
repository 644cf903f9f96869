import { describe } from "vitest";
import { test as it } from "../support/browser.ts";

/** The page makes only what is in sight. Runs in it, again and again from its top to its end. */
const LOOK_AND_SCROLL = `(() => {
  const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
  scrollTo(0, atEnd ? 0 : scrollY + innerHeight / 2);
  return [...document.querySelectorAll(".opblock-summary")].map((route) => route.textContent);
})()`;

describe("the reference at /docs", () => {
  it("shows every route, from this shop alone", async ({ shop, visitor, expect }) => {
    const { page } = visitor;
    const { body } = await shop.call<{ paths: Record<string, object> }>("GET", "/openapi.json");
    const routes = Object.values(body.paths).flatMap((methods) => Object.keys(methods)).length;
    await page.setViewportSize({ width: 1280, height: 3_000 });
    const answer = await page.goto("/docs");
    expect(answer?.headers()["content-security-policy"]).toContain("script-src 'self';");
    expect(routes).toBeGreaterThan(100);
    const first = page.locator(".opblock").first();
    await first.locator(".opblock-summary-control").click();
    await first.getByRole("heading", { name: "Responses" }).waitFor();
    const seen = new Set<string>();
    const look = async () => {
      for (const route of await page.evaluate<string[]>(LOOK_AND_SCROLL)) seen.add(route);
      return seen.size;
    };
    await expect.poll(look, { interval: 20, timeout: 20_000 }).toBe(routes);
  });
});
