import { passkeys } from "../../src/identity/passkeys/schema.ts";
import {
  AddressId,
  CheckoutId,
  DeviceId,
  LineId,
  newId,
  OrderId,
  PasskeyId,
  QuoteId,
  SessionId,
  VoucherId,
} from "../../src/shared/ids.ts";
import { ioAt } from "../orders/world.ts";
import { coupon, ownCode, voucher } from "../promotions/purchase.ts";
import { bearer, logIn, signedIn } from "../support/account.ts";
import { ownToken, register } from "../support/push.ts";
import { ADDRESS, call, ownSku, sell } from "../support/worker-shop.ts";

/** What the ids in the shoppers' routes name. A route with another is under no test, and fails it. */
export type Named = Record<
  | "lineId"
  | "coupon"
  | "voucher"
  | "checkoutId"
  | "quoteId"
  | "orderId"
  | "addressId"
  | "sessionId"
  | "passkeyId"
  | "deviceId",
  string
>;

/** Names in paths that are the shop's own and the same for everybody. */
export const isPublicName = (path: string): boolean => /\/oidc\/\{provider\}/.test(path);

/** Which of them a route's path names; `undefined` for a path that nobody has thought of yet. */
export function namedBy(path: string): keyof Named | undefined {
  const [, collection, name] = /\/([\w-]+)\/\{(\w+)\}/.exec(path) ?? [];
  switch (`${collection}/${name}`) {
    case "lines/lineId":
      return "lineId";
    case "coupons/code":
      return "coupon";
    case "vouchers/code":
      return "voucher";
    case "checkouts/id":
      return "checkoutId";
    case "order/orderId":
    case "orders/orderId":
      return "orderId";
    case "addresses/addressId":
      return "addressId";
    case "sessions/sessionId":
      return "sessionId";
    case "passkeys/passkeyId":
      return "passkeyId";
    case "devices/deviceId":
      return "deviceId";
    default:
      return undefined;
  }
}

export type Owner = Awaited<ReturnType<typeof ownerOfAll>>;

/** A shopper who has one of everything that an id can name, each with a word of theirs in it. */
export async function ownerOfAll() {
  const account = await signedIn();
  const send = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const headers = { ...bearer(account), "Idempotency-Key": crypto.randomUUID() };
    const answered = await call<T>(method, `/api/v2${path}`, { headers, body });
    if (answered.status < 300) return answered.body;
    throw new Error(`${path}: ${JSON.stringify(answered.body)}`);
  };
  const word = `canary-${crypto.randomUUID()}`;
  const address = { ...ADDRESS, name: word };
  await send("PATCH", "/me", { name: word });
  const { id: addressId } = await send<{ id: string }>("POST", "/me/addresses", address);

  // One purchase that became an order, and one that is a checkout over a cart with codes.
  const [bought, wanted] = [ownSku(), ownSku()];
  await sell({ sku: bought }, { sku: wanted });
  const contact = { email: account.email, shippingAddress: address };
  const validate = () =>
    send<{ checkoutId: string; quote: { id: string } }>("POST", "/validatecheckout", contact);
  await send("POST", "/cart/lines", { sku: bought, quantity: 1 });
  const first = await validate();
  const { order } = await send<{ order: { id: string } }>("POST", "/processorder", {
    checkoutId: first.checkoutId,
    quoteId: first.quote.id,
    payment: { tokens: { stripe: "tok_ok" } },
  });
  const gift = await voucher(100);
  const code = await coupon();
  const cart = await send<{ lines: { id: string; sku: string }[] }>("POST", "/cart/lines", {
    sku: wanted,
    quantity: 2,
  });
  await send("POST", "/cart/coupons", { code });
  await send("POST", "/cart/vouchers", { code: gift.code });
  const second = await validate();
  const named: Named = {
    lineId: cart.lines.find(({ sku }) => sku === wanted)!.id,
    coupon: code,
    voucher: gift.id,
    checkoutId: second.checkoutId,
    quoteId: second.quote.id,
    orderId: order.id,
    addressId,
    sessionId: await anotherSession(account),
    passkeyId: await aPasskey(account, word),
    deviceId: (await register(account, ownToken(), { name: word })).id,
  };
  return { ...account, named, canaries: [word, account.id, account.email, wanted, bought] };
}

type Account = Awaited<ReturnType<typeof signedIn>>;

async function anotherSession(account: Account): Promise<string> {
  const headers = bearer((await logIn(account)).body);
  const { body } = await call<{ items: { id: string; current: boolean }[] }>(
    "GET",
    "/api/v2/me/sessions",
    { headers },
  );
  return body.items.find(({ current }) => current)!.id;
}

async function aPasskey({ id: userId }: Account, name: string): Promise<string> {
  const id = newId(PasskeyId, "pky");
  const secrets = { credentialHash: id, credentialId: id, publicKey: "", transports: "" };
  const uses = { counter: 0, uses: 0, createdAtMs: 1, lastUsedAtMs: null };
  await ioAt()
    .sql.insert(passkeys)
    .values({ id, userId, name, ...secrets, ...uses });
  return id;
}

/** Ids of the same shape that nobody has. */
export const unknownIds = (): Named => ({
  lineId: newId(LineId, "lin"),
  coupon: ownCode(),
  voucher: newId(VoucherId, "vou"),
  checkoutId: newId(CheckoutId, "chk"),
  quoteId: newId(QuoteId, "quo"),
  orderId: newId(OrderId, "ord"),
  addressId: newId(AddressId, "adr"),
  sessionId: newId(SessionId, "ses"),
  passkeyId: newId(PasskeyId, "pky"),
  deviceId: newId(DeviceId, "dev"),
});
