// What a shop's own front end does with the typed client, in a browser.
import { createClient, ProblemError } from "../../../src/client.ts";

/** What outlives the page, as a front end would keep it. */
const kept = (name) => ({
  get: () => JSON.parse(localStorage.getItem(name) ?? "null") ?? undefined,
  set: (value) => localStorage.setItem(name, JSON.stringify(value ?? null)),
});

const client = (baseUrl) =>
  createClient({ baseUrl, cartToken: kept("cart"), session: kept("session") });

/** A refusal as data, and what `fetch` throws by its name: an error does not cross to the test. */
const told = (act) => async (api, given) => {
  try {
    return await act(client(api), given, api);
  } catch (error) {
    if (error instanceof ProblemError) {
      return { refused: error.slug, requestId: error.requestId, after: error.retryAfterSeconds };
    }
    return { thrown: error.name };
  }
};

export const browse = told(async (shop) => ({ found: (await shop.products.list()).items.length }));
export const add = told((shop, line) => shop.cart.add(line));
export const cart = told((shop) => shop.cart.get());
export const signIn = told((shop, proof) => shop.auth.signIn(proof));
export const signOut = told((shop) => shop.auth.signOut());
export const me = told((shop) => shop.me.get());

export const buy = told(async (shop, contact) => {
  const { checkoutId, quote } = await shop.checkout.validate(contact);
  const payment = { tokens: { stripe: "tok_ok" } };
  const { order } = await shop.checkout.complete({ checkoutId, quoteId: quote.id, payment });
  return shop.orders.get(order.id);
});

/** What a script of another site may try without asking: cookies go along, and no preflight. */
export const forge = told(async (_shop, line, api) => {
  const body = JSON.stringify(line);
  const forged = { method: "POST", mode: "no-cors", credentials: "include", body };
  const response = await fetch(`${api}/api/v2/cart/lines`, forged);
  return { type: response.type, cookies: document.cookie };
});

/** The answer to `me` once more, out of whatever the browser has kept of it. */
export const recall = told(async (_shop, accessToken, api) => {
  const headers = { Authorization: `Bearer ${accessToken}` };
  const response = await fetch(`${api}/api/v2/me`, { headers, cache: "force-cache" });
  return { status: response.status, isNumbered: response.headers.has("X-Request-Id") };
});

const passkeys = (shop) => shop.raw.api.v2.auth.passkeys;
const bodyOf = async (call) => {
  const response = await call;
  const body = await response.json();
  if (!response.ok) throw new ProblemError(body, null);
  return body;
};

export const addPasskey = told(async (shop) => {
  const asked = await bodyOf(passkeys(shop).register.options.$post({}));
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(asked.publicKey);
  const credential = (await navigator.credentials.create({ publicKey })).toJSON();
  const json = { challengeToken: asked.challengeToken, credential, name: "Key of the test" };
  return (await bodyOf(passkeys(shop).register.verify.$post({ json }))).passkey;
});

export const signInByPasskey = told(async (shop) => {
  const asked = await bodyOf(passkeys(shop).login.options.$post({}));
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.publicKey);
  const credential = (await navigator.credentials.get({ publicKey })).toJSON();
  const json = { challengeToken: asked.challengeToken, credential };
  await bodyOf(passkeys(shop).login.verify.$post({ json }));
  return shop.me.get();
});
