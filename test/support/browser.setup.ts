import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { ensureBrowser } from "../../local/engines/install.ts";
import { startTestShop, type TestShop, type Whereabouts } from "./e2e-shop.ts";
import { type FrontEnd, startFrontEnd } from "./front-end.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Answers where this run's shop and browser are, once they are there. */
    browserDesk: string;
  }
}

export type Premises = {
  /** The browser's program. */
  executable: string;
  shop: Whereabouts;
  /** `http://localhost:…`, one of `CORS_ORIGINS` and `PASSKEY_ORIGINS`. */
  frontEnd: string;
  /** The same pages from an origin that the shop does not know. */
  stranger: string;
  /** Where shoppers may have an account elsewhere. */
  issuer: string;
};

const LOG = join(import.meta.dirname, "../../.local/logs/apt.log");
const STILL_AT_IT_MS = 15_000;

/**
 * One shop and one front end for all files that drive a browser, started when the first of them asks: in a
 * whole run that is minutes from here, and a browser that is missing is installed meanwhile.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const browser = installBrowser();
  browser.catch(() => {}); // Told to whoever asks.
  let premises: Promise<Premises> | undefined;
  const opened: (TestShop | FrontEnd)[] = [];
  const open = async (): Promise<Premises> => {
    const frontEnd = await startFrontEnd();
    opened.push(frontEnd);
    const origin = `http://localhost:${frontEnd.port}`;
    const shop = await startTestShop({
      overrides: { CORS_ORIGINS: origin, PASSKEY_ORIGINS: origin },
    });
    opened.push(shop);
    const { apiUrl, staffKey, ports } = shop;
    const stranger = `http://127.0.0.1:${frontEnd.port}`;
    const issuer = `http://127.0.0.1:${ports.issuer}`;
    const executable = await browser;
    return { executable, shop: { apiUrl, staffKey, ports }, frontEnd: origin, stranger, issuer };
  };
  const desk = createServer((_request, response) => {
    premises ??= open();
    premises.then(
      (found) => reply(response, 200, found),
      (error: unknown) => reply(response, 500, error instanceof Error ? error.message : error),
    );
  });
  await new Promise<void>((listening) => desk.listen(0, "127.0.0.1", listening));
  const address = desk.address();
  if (typeof address !== "object" || !address) throw new Error("the desk has no address");
  project.provide("browserDesk", `http://127.0.0.1:${address.port}`);
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await premises?.catch(() => {});
    await Promise.all(opened.map((each) => each.stop()));
  };
}

async function installBrowser(): Promise<string> {
  const startedAtMs = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAtMs) / 1000)} s`;
  let isInstalling = false;
  const stillAtIt = setInterval(() => {
    if (isInstalling) console.log(`  … the browser is still being installed, ${seconds()}`);
  }, STILL_AT_IT_MS);
  try {
    const executable = await ensureBrowser((line) => {
      isInstalling = true;
      console.log(`${line}, beside the tests; output in .local/logs/apt.log`);
    }, LOG);
    if (isInstalling) console.log(`The browser was installed in ${seconds()}.`);
    return executable;
  } finally {
    clearInterval(stillAtIt);
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
}
