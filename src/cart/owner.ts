import type { Context } from "hono";
import type { ApiEnv } from "../platform/http/context.ts";
import { Problem } from "../platform/http/problem.ts";
import { hmacToken, sha256Hex } from "../shared/digest.ts";
import type { CartOwner } from "./model.ts";

export const CART_TOKEN_HEADER = "Cart-Token";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;
const TOKEN_BYTES = 32;

/**
 * Whose cart a request is about; `undefined` when it names none. A shopper who is signed in has the
 * account's cart, whatever token they still send: a token becomes part of it by a merge alone, which
 * they have to ask for.
 *
 * @throws Problem `not-found` for a token that no cart can have, as for one that no cart has.
 */
export async function ownerFromRequest(c: Context<ApiEnv>): Promise<CartOwner | undefined> {
  const token = c.req.header(CART_TOKEN_HEADER);
  const { shopper } = c.var;
  if (shopper) return { kind: "user", userId: shopper.userId };
  return token ? guestOf(token) : undefined;
}

/**
 * All that a request proves to be: the account, the guest who holds the token, both. For what somebody
 * began before they signed in and asks for afterwards.
 */
export async function ownersFromRequest(c: Context<ApiEnv>): Promise<CartOwner[]> {
  const token = c.req.header(CART_TOKEN_HEADER);
  const { shopper } = c.var;
  return [
    ...(shopper ? [{ kind: "user", userId: shopper.userId } as const] : []),
    ...(token ? [await guestOf(token)] : []),
  ];
}

/**
 * The guest who holds this token.
 *
 * @throws Problem `not-found` for what can be no cart's token: an id of a cart, for one.
 */
export async function guestOf(token: string): Promise<CartOwner & { kind: "guest" }> {
  if (!TOKEN.test(token)) throw new Problem("not-found");
  return guest(token);
}

export const guest = async (token: string): Promise<CartOwner & { kind: "guest" }> => ({
  kind: "guest",
  tokenHash: await sha256Hex(token),
});

/**
 * The token of a cart that is about to be made.
 *
 * A first change that is repeated, because its answer was lost, knows no token yet: with a random one
 * it would make a second cart. So with an Idempotency-Key the token follows from the key and from
 * where the request came from, under a secret: the repeat reaches the same object, which knows the
 * key and gives the same answer. Nobody can compute the token without the secret, and another
 * network or browser that sends the same key gets another cart. What is left: two shoppers behind one
 * address, with the same browser, who send the same key and the same line share a cart. Random keys,
 * as our client makes them, do not meet; a front end must not number its keys.
 */
export async function newToken(
  c: Context<ApiEnv>,
  idempotencyKey: string | undefined,
): Promise<string> {
  if (idempotencyKey === undefined) return randomToken();
  const address = c.req.header("CF-Connecting-IP") ?? "";
  const agent = c.req.header("User-Agent") ?? "";
  const message = ["cart", address, agent, idempotencyKey].join("|");
  return hmacToken(c.var.io.config.TOKEN_SECRET, message);
}

/** 256 random bits as 43 characters of base64url. */
function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
