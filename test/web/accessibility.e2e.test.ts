import { describe } from "vitest";
import { test as it } from "../support/browser.ts";

const PAGES = [
  "/order/ord_1",
  "/account/verify",
  "/account/confirm-email",
  "/account/reset#token=made-up",
  "/account/forgot",
  "/account/sign-in",
  "/sign-in/local",
];

/** WCAG 2.2: contrast of text at least 4.5 to 1. Runs in pages. */
const FAINT_TEXTS = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const over = (colors) => {
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const root = document.documentElement;
  root.style.backgroundColor = "Canvas";
  return [...document.querySelectorAll("h1, p, label, button, input")]
    .filter((element) => element.checkVisibility() && element.tagName !== "NOSCRIPT")
    .flatMap((element) => {
      const behind = [];
      for (let at = element; at; at = at.parentElement) {
        behind.unshift(getComputedStyle(at).backgroundColor);
      }
      const ground = luminance(over(behind));
      const text = luminance(over([...behind, getComputedStyle(element).color]));
      const ratio = (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
      return ratio >= 4.5 ? [] : [element.tagName + " " + ratio.toFixed(2)];
    });
})()`;

const NAMELESS_FIELDS = `[...document.querySelectorAll("input, button")]
  .filter((field) => !(field.labels?.[0]?.textContent || field.textContent))
  .map((field) => field.outerHTML)`;

describe("every page", () => {
  it("has a language, one heading, a live status and named fields, and fits on a small screen", async ({
    visitor: { page },
    expect,
  }) => {
    await page.setViewportSize({ width: 320, height: 568 });
    for (const path of PAGES) {
      await page.goto(path);
      const heading = page.getByRole("main").getByRole("heading", { level: 1 });
      expect(await heading.count(), path).toBe(1);
      expect(await page.locator("html").getAttribute("lang"), path).toBe("en");
      expect(await page.title(), path).not.toBe("");
      expect(await page.getByRole("status").count(), path).toBe(1);
      expect(await page.evaluate(NAMELESS_FIELDS), path).toEqual([]);
      const width = "document.documentElement.scrollWidth";
      expect(await page.evaluate(width), path).toBe(320);
    }
  });

  it("can be read by who wants it light, and by who wants it dark", async ({
    visitor: { page },
    expect,
  }) => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const path of PAGES) {
        await page.goto(path);
        expect(await page.evaluate(FAINT_TEXTS), `${path} ${colorScheme}`).toEqual([]);
      }
    }
  });

  it("is framed by nobody", async ({ premises, visitor, expect }) => {
    const { page, complaints, mayAsk } = visitor;
    mayAsk.add(premises.stranger);
    await page.goto(premises.stranger);
    const { apiUrl } = premises.shop;
    for (const path of [...PAGES, "/docs/", "/pages/reset"]) {
      complaints.splice(0);
      const src = JSON.stringify(`${apiUrl}${path}`);
      await page.evaluate(
        `new Promise((loaded) => {
          const frame = document.createElement("iframe");
          frame.onload = loaded;
          frame.src = ${src};
          document.body.replaceChildren(frame);
        })`,
      );
      await expect
        .poll(() => complaints.join(), { message: path })
        .toContain("frame-ancestors 'none'");
    }
    complaints.splice(0);
  });
});
