import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import type { ShopTools } from "../support/e2e-shop.ts";
import { mailLink } from "./mail-link.ts";

/** Calls a function of `front-end/shop-window.js` in the page, as its button would. */
export const press = <T = Record<string, unknown>>(
  page: Page,
  name: string,
  api: string,
  given: unknown = null,
): Promise<T> =>
  // As text: what stands in a function here would be compiled for Node.
  page.evaluate<T>(
    `import("/test/web/front-end/shop-window.js").then((shop) =>
      shop[${JSON.stringify(name)}](${JSON.stringify(api)}, ${JSON.stringify(given)}))`,
  );

const PASSWORD = "a compiler for everybody";

/** Somebody with an account, who may sign in. */
export async function member(shop: ShopTools): Promise<{ email: string; password: string }> {
  const email = `shopper-${randomUUID()}@example.com`;
  const account = { email, password: PASSWORD };
  await shop.call("POST", "/api/v2/auth/register", { body: account });
  const { token } = await mailLink(shop, email, "Confirm");
  await shop.call("POST", "/api/v2/auth/verify-email", { body: { token } });
  return account;
}
