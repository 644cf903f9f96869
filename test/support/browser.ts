import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  chromium,
  type Page,
  type Request,
} from "playwright-core";
import { test as base, beforeAll, expect, inject } from "vitest";
import type { Premises } from "./browser.setup.ts";
import { type ShopTools, shopTools } from "./e2e-shop.ts";

const SCREENSHOTS = join(import.meta.dirname, "../../.local/tests/screenshots");
const ACT_WITHIN_MS = 20_000;
/** Runs in pages. */
const TELL_OF_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  tellOfViolation(event.violatedDirective + " " + event.blockedURI + " at " + event.documentURI);
});`;

/** Somebody with a browser of their own: nothing of another's visit is in it. */
export type Visitor = {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every request of every page. */
  readonly requests: readonly Request[];
  /** What a browser complained of: scripts that failed, policies that were broken, addresses of elsewhere. */
  readonly complaints: string[];
  /** Other origins that this visit is about; requests to any but these and the shop's are complaints. */
  readonly mayAsk: Set<string>;
};

// In a hook, whose time is longer than a test's: the first file waits for the shop to start, and for apt.
let premises: Premises;
beforeAll(async () => {
  const response = await fetch(inject("browserDesk"));
  if (!response.ok) throw new Error(String(await response.json()));
  premises = (await response.json()) as Premises;
});

/** A visit to the shop at its address of numbers. Whoever is not done with `complaints` fails by them. */
export const test = base
  .extend("premises", { scope: "file" }, (): Premises => premises)
  .extend("shop", { scope: "file" }, ({ premises }): ShopTools => shopTools(premises.shop))
  .extend("browser", { scope: "file" }, async ({ premises }, { onCleanup }): Promise<Browser> => {
    const { executable } = premises;
    // Root's processes cannot be put into the sandbox of Chromium; everybody else's are.
    const chromiumSandbox = process.getuid?.() !== 0;
    const browser = await chromium.launch({
      executablePath: executable,
      chromiumSandbox,
      // Shoppers' browsers keep pages as they were for whoever goes back.
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
    onCleanup(() => browser.close());
    return browser;
  })
  .extend("visitor", async ({ browser, shop, task }, { onCleanup }): Promise<Visitor> => {
    const visitor = await visit(browser, shop.apiUrl);
    onCleanup(async () => {
      const hasFailed = task.result?.state === "fail" || visitor.complaints.length > 0;
      if (hasFailed) await photograph(visitor.page, task.name);
      await visitor.context.close();
      expect(visitor.complaints, "what the browser complained of").toEqual([]);
    });
    return visitor;
  });

async function visit(browser: Browser, baseURL: string): Promise<Visitor> {
  const context = await browser.newContext({ baseURL, locale: "en-US" });
  context.setDefaultTimeout(ACT_WITHIN_MS);
  const requests: Request[] = [];
  const complaints: string[] = [];
  const mayAsk = new Set([baseURL]);
  context.on("request", (request) => {
    const url = request.url();
    requests.push(request);
    const { origin, protocol } = new URL(url);
    if (protocol !== "data:" && !mayAsk.has(origin)) complaints.push(`asked elsewhere: ${url}`);
  });
  context.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // The browser's own line about a refusal or a cut line, which the test itself looks at.
    if (message.text().startsWith("Failed to load resource: ") && isApi(message.location().url)) {
      return;
    }
    complaints.push(`console: ${message.text()} (${message.location().url})`);
  });
  context.on("weberror", (error) => complaints.push(`script: ${error.error().message}`));
  await context.exposeFunction("tellOfViolation", (what: string) => {
    complaints.push(`policy: ${what}`);
  });
  await context.addInitScript({ content: TELL_OF_VIOLATIONS });
  const page = await context.newPage();
  return { page, context, requests, complaints, mayAsk };
}

const isApi = (url: string): boolean =>
  URL.canParse(url) && new URL(url).pathname.startsWith("/api/");

async function photograph(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const file = `${name.replaceAll(/[^a-zA-Z0-9]+/g, "-").slice(0, 80)}.png`;
  // A page that has crashed has no picture; the failure itself is told in any case.
  await page.screenshot({ path: join(SCREENSHOTS, file), fullPage: true }).catch(() => {});
}
