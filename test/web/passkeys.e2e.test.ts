import type { BrowserContext, Page } from "playwright-core";
import { describe } from "vitest";
import { test } from "../support/browser.ts";
import { member, press } from "./in-front-end.ts";

/** A phone's own authenticator, whose user is recognised, or is not. */
async function authenticator(context: BrowserContext, page: Page) {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    recognises: (isUserVerified: boolean) =>
      session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified }),
    credentials: async () =>
      (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

const it = test.extend("account", { scope: "file" }, ({ shop }) => member(shop));

describe("a passkey in a browser", () => {
  it("is made on the front end's page and signs in there, also in a browser that knows nobody", async ({
    premises: { frontEnd },
    shop,
    account,
    visitor: { page, context, mayAsk },
    expect,
  }) => {
    mayAsk.add(frontEnd);
    const api = shop.apiUrl;
    await page.goto(frontEnd);
    const device = await authenticator(context, page);
    await press(page, "signIn", api, account);
    expect(await press(page, "addPasskey", api)).toMatchObject({ name: "Key of the test" });
    expect(await device.credentials()).toMatchObject([{ rpId: "localhost", signCount: 1 }]);

    await press(page, "signOut", api);
    await page.evaluate("localStorage.clear()");
    await page.reload();
    const again = await press(page, "signInByPasskey", api);
    expect(again).toMatchObject({ email: account.email });
    expect(await press(page, "me", api)).toMatchObject({ email: account.email });

    // The authenticator has one already: a second is not made.
    expect(await press(page, "addPasskey", api)).toEqual({ thrown: "InvalidStateError" });
    await device.recognises(false);
    expect(await press(page, "signInByPasskey", api)).toEqual({ thrown: "NotAllowedError" });
  });

  it("is refused to a page of the same domain that is not the shop's, and to every other domain", async ({
    premises: { frontEnd, stranger },
    shop,
    account,
    visitor: { page, context, mayAsk, complaints },
    expect,
  }) => {
    mayAsk.add(frontEnd).add(stranger);
    await page.goto(frontEnd);
    await authenticator(context, page);
    await press(page, "signIn", shop.apiUrl, account);
    await press(page, "addPasskey", shop.apiUrl);

    const { port } = new URL(shop.apiUrl);
    const neighbour = `http://localhost:${port}`; // Same domain, yet none of PASSKEY_ORIGINS.
    mayAsk.add(neighbour);
    await page.goto(`${neighbour}/account/forgot`);
    const tried = await page.evaluate(SIGN_IN_HERE);
    expect(tried).toEqual({ status: 401, type: "/problems/passkey-refused" });
    await page.goto(`${shop.apiUrl}/account/forgot`);
    await expect(page.evaluate(SIGN_IN_HERE)).rejects.toThrow("SecurityError");
    expect(complaints).toEqual([]);
  });
});

/** By the same steps as the front end's, on a page of the API's own origin. */
const SIGN_IN_HERE = `(async () => {
  const post = (path, body) => fetch("/api/v2/auth/passkeys/login/" + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const { challengeToken, publicKey } = await (await post("options", {})).json();
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  const credential = (await navigator.credentials.get({ publicKey: options })).toJSON();
  const answer = await post("verify", { challengeToken, credential });
  return { status: answer.status, type: (await answer.json()).type };
})()`;
