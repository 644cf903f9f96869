import { hc, type InferRequestType } from "hono/client";
import type { Api } from "./api.ts";
import {
  type BodyOf,
  type CallOptions,
  ProblemError,
  requestOptions,
  success,
} from "./client/answers.ts";
import { Session, type SessionStore, sessionStore } from "./client/session.ts";

/** Where a browser or an app keeps what must outlive the page: local storage, a cookie, a file. */
export type TokenStore = {
  get(): string | undefined;
  set(token: string): void;
  /** Once a guest's cart is a shopper's own. Without it the store is set to `""`. */
  clear?(): void;
};

export {
  type CallOptions,
  type ProblemBody,
  ProblemError,
  UnexpectedResponse,
} from "./client/answers.ts";
export type { SessionStore, StoredSession } from "./client/session.ts";

export type ClientOptions = {
  /** Without a path: `https://shop.example`. */
  baseUrl: string;
  /** Stands in for the global `fetch`: for tests, and for a Worker's service binding. */
  fetch?: (request: Request) => Promise<Response>;
  /** The cart to go on with, or where its token is kept. A token the shop answers is remembered. */
  cartToken?: string | TokenStore;
  /** Where the tokens of somebody who signs in are kept; else in memory. */
  session?: SessionStore;
  /** A guest's access to an order. Orders that this client has placed are opened without it. */
  orderToken?: string;
  /** For the operations routes, which are under `raw`. */
  staffKey?: string;
};

type V2 = ReturnType<typeof hc<Api>>["api"]["v2"];
type JsonOf<Call> = InferRequestType<Call> extends { json: infer Body } ? Body : never;
type QueryOf<Call> = InferRequestType<Call> extends { query: infer Query } ? Query : never;

export type NewLine = JsonOf<V2["cart"]["lines"]["$post"]>;
export type ModeChange = JsonOf<V2["cart"]["mode"]["$put"]>;
export type CheckoutContact = JsonOf<V2["validatecheckout"]["$post"]>;
export type Completion = JsonOf<V2["processorder"]["$post"]>;
export type ReturnRequest = JsonOf<V2["order"][":orderId"]["returns"]["$post"]>;
export type Registration = JsonOf<V2["auth"]["register"]["$post"]>;
export type SignIn = JsonOf<V2["auth"]["login"]["$post"]>;
export type SecondFactorProof = JsonOf<V2["auth"]["2fa"]["verify"]["$post"]>;
export type PasswordReset = JsonOf<V2["auth"]["password"]["reset"]["$post"]>;
export type PasswordChange = JsonOf<V2["auth"]["password"]["change"]["$post"]>;
export type MeChange = JsonOf<V2["me"]["$patch"]>;
export type NewAddress = JsonOf<V2["me"]["addresses"]["$post"]>;
export type AddressChange = JsonOf<V2["me"]["addresses"][":addressId"]["$patch"]>;
export type NewDevice = JsonOf<V2["me"]["devices"]["$post"]>;
export type OrderListQuery = QueryOf<V2["order"]["$get"]>;
export type ProductListQuery = QueryOf<V2["products"]["$get"]>;
export type CategoryListQuery = QueryOf<V2["categories"]["$get"]>;

export type SignedIn = {
  status: "signed-in";
  /** The shopper's cart with the guest's lines in it; `undefined` where there was no guest's cart. */
  cart: BodyOf<Awaited<ReturnType<V2["cart"]["merge"]["$post"]>>> | undefined;
  /** Why the guest's cart stays one: `cart-limit`, if both together are too much. */
  cartRefusal?: ProblemError;
};
export type SecondFactorAsked = Exclude<
  BodyOf<Awaited<ReturnType<V2["auth"]["login"]["$post"]>>>,
  { accessToken: string }
> & { status: "second-factor" };

/**
 * A typed client of the storefront. Every method answers the body of a success and throws
 * `ProblemError` for a refusal; what `fetch` throws (no network, an abort) passes through.
 */
export function createClient(options: ClientOptions) {
  const cart = tokenStore(options.cartToken);
  const orderTokens = new Map<string, string>();
  // Called as a bare function: browsers refuse a `fetch` with another `this`.
  const send = (request: Request) => (options.fetch ? options.fetch(request) : fetch(request));
  const session = new Session(sessionStore(options.session), options.baseUrl, send);
  const raw = hc<Api>(options.baseUrl, { fetch: storefrontFetch(options, cart, session) });
  const v2 = raw.api.v2;

  /** Makes the guest's cart the shopper's own; nothing where there is none any more. */
  const mergeCart = async (call?: CallOptions) => {
    const cartToken = cart.get();
    if (cartToken === undefined) return undefined;
    try {
      const merged = await success(
        v2.cart.merge.$post({ json: { cartToken } }, requestOptions(call)),
      );
      cart.clear();
      return merged;
    } catch (error) {
      if (!(error instanceof ProblemError) || error.slug !== "not-found") throw error;
      cart.clear();
      return undefined;
    }
  };
  /** After a proof that was enough. Somebody is signed in also where their guest's cart cannot come along. */
  const welcome = async (): Promise<SignedIn> => {
    const signedIn = { status: "signed-in" } as const;
    try {
      return { ...signedIn, cart: await mergeCart() };
    } catch (error) {
      if (error instanceof ProblemError)
        return { ...signedIn, cart: undefined, cartRefusal: error };
      throw error;
    }
  };

  const orderCall = (orderId: string, call: CallOptions = {}) => {
    const token = call.orderToken ?? orderTokens.get(orderId) ?? options.orderToken;
    return requestOptions(call, token === undefined ? {} : { "Order-Token": token });
  };

  return {
    /** Every route, with its status and headers: Hono's RPC client with this client's tokens and keys. */
    raw,
    /** The token of the cart in use; `undefined` before the first change. */
    cartToken: () => cart.get(),
    /** Whether somebody is signed in, as far as this device knows. */
    isSignedIn: () => session.isOpen,

    products: {
      list: (query: ProductListQuery = {}, call?: CallOptions) =>
        success(v2.products.$get({ query }, requestOptions(call))),
      get: (handle: string, call?: CallOptions) =>
        success(
          v2.products[":handle"].$get({ param: { handle }, query: {} }, requestOptions(call)),
        ),
    },
    categories: {
      list: (query: CategoryListQuery = {}, call?: CallOptions) =>
        success(v2.categories.$get({ query }, requestOptions(call))),
      get: (handle: string, call?: CallOptions) =>
        success(
          v2.categories[":handle"].$get({ param: { handle }, query: {} }, requestOptions(call)),
        ),
    },
    /** What editors wrote. Its HTML was rebuilt from an allow-list; texts in `data` are for the caller to escape. */
    content: {
      block: (key: string, call?: CallOptions) =>
        success(v2.content.blocks[":key"].$get({ param: { key } }, requestOptions(call))),
      /** With the published blocks that it shows, in its order. */
      page: (slug: string, call?: CallOptions) =>
        success(v2.content.pages[":slug"].$get({ param: { slug } }, requestOptions(call))),
    },
    /** Up to fifty SKUs. */
    availability: (skus: string[], call?: CallOptions) =>
      success(v2.availability.$get({ query: { sku: skus } }, requestOptions(call))),

    cart: {
      get: (call?: CallOptions) => success(v2.cart.$get({}, requestOptions(call))),
      /** The first line makes the cart, and its token is remembered. */
      add: (line: NewLine, call?: CallOptions) =>
        success(v2.cart.lines.$post({ json: line }, requestOptions(call))),
      /** Quantity 0 removes the line. */
      update: (lineId: string, quantity: number, call?: CallOptions) =>
        success(
          v2.cart.lines[":lineId"].$patch(
            { param: { lineId }, json: { quantity } },
            requestOptions(call),
          ),
        ),
      remove: (lineId: string, call?: CallOptions) =>
        success(v2.cart.lines[":lineId"].$delete({ param: { lineId } }, requestOptions(call))),
      setMode: (mode: ModeChange, call?: CallOptions) =>
        success(v2.cart.mode.$put({ json: mode }, requestOptions(call))),
      /** Refused as `coupon-refused`, with its `reason`, when it does nothing for this cart. */
      applyCoupon: (code: string, call?: CallOptions) =>
        success(v2.cart.coupons.$post({ json: { code } }, requestOptions(call))),
      removeCoupon: (code: string, call?: CallOptions) =>
        success(v2.cart.coupons[":code"].$delete({ param: { code } }, requestOptions(call))),
      /** Pays at the checkout, as far as its balance goes. */
      applyVoucher: (code: string, call?: CallOptions) =>
        success(v2.cart.vouchers.$post({ json: { code } }, requestOptions(call))),
      /** By its code, or by the id that the cart shows. */
      removeVoucher: (codeOrId: string, call?: CallOptions) =>
        success(
          v2.cart.vouchers[":code"].$delete({ param: { code: codeOrId } }, requestOptions(call)),
        ),
      /** Makes the guest's cart the shopper's own, as `auth.signIn` does by itself. */
      merge: mergeCart,
    },

    auth: {
      /** Asks for an account; it exists once the link in the mail is followed. */
      register: (account: Registration, call?: CallOptions) =>
        success(v2.auth.register.$post({ json: account }, requestOptions(call))),
      verifyEmail: (token: string, call?: CallOptions) =>
        success(v2.auth["verify-email"].$post({ json: { token } }, requestOptions(call))),
      confirmEmail: (token: string, call?: CallOptions) =>
        success(v2.auth.email.confirm.$post({ json: { token } }, requestOptions(call))),
      /** Signs in and takes the guest's cart along, or says which second factor is asked for. */
      signIn: async (proof: SignIn, call?: CallOptions): Promise<SignedIn | SecondFactorAsked> => {
        const answer = await success(v2.auth.login.$post({ json: proof }, requestOptions(call)));
        if ("accessToken" in answer) return welcome();
        return { status: "second-factor", ...answer };
      },
      /** The second step of `signIn`: a code of the app, or one on paper. */
      verifySecondFactor: async (proof: SecondFactorProof, call?: CallOptions) => {
        await success(v2.auth["2fa"].verify.$post({ json: proof }, requestOptions(call)));
        return welcome();
      },
      /** On this device it is over in any case; the answer says from when on everywhere. */
      signOut: async (call?: CallOptions) => {
        try {
          return await success(v2.auth.logout.$post({ json: {} }, requestOptions(call)));
        } finally {
          session.end();
        }
      },
      signOutEverywhere: async (call?: CallOptions) => {
        const ended = await success(v2.auth["logout-all"].$post({}, requestOptions(call)));
        session.end();
        return ended;
      },
      forgotPassword: (email: string, call?: CallOptions) =>
        success(v2.auth.password.forgot.$post({ json: { email } }, requestOptions(call))),
      resetPassword: (reset: PasswordReset, call?: CallOptions) =>
        success(v2.auth.password.reset.$post({ json: reset }, requestOptions(call))),
      /** Every other session ends; this one goes on. */
      changePassword: (change: PasswordChange, call?: CallOptions) =>
        success(v2.auth.password.change.$post({ json: change }, requestOptions(call))),
    },

    me: {
      get: (call?: CallOptions) => success(v2.me.$get({}, requestOptions(call))),
      /** What is left out stays; `null` takes away. */
      update: (change: MeChange, call?: CallOptions) =>
        success(v2.me.$patch({ json: change }, requestOptions(call))),
      /** The account's once the link in the mail to it was followed; see `auth.confirmEmail`. */
      changeEmail: (email: string, call?: CallOptions) =>
        success(v2.me.email.$post({ json: { email } }, requestOptions(call))),
      /** Refused as `step-up-required` where the last proof is older than ten minutes. */
      export: (call?: CallOptions) => success(v2.me.export.$get({}, requestOptions(call))),
      /** To be forgotten. There is no way back. */
      erase: async (call?: CallOptions) => {
        const erased = await success(v2.me.$delete({}, requestOptions(call)));
        session.end();
        return erased;
      },
      /** Takes over the orders that were placed as a guest with the account's own address. */
      claimOrders: (call?: CallOptions) =>
        success(v2.me.orders.claim.$post({}, requestOptions(call))),
      addresses: {
        list: (call?: CallOptions) => success(v2.me.addresses.$get({}, requestOptions(call))),
        add: (address: NewAddress, call?: CallOptions) =>
          success(v2.me.addresses.$post({ json: address }, requestOptions(call))),
        update: (addressId: string, change: AddressChange, call?: CallOptions) =>
          success(
            v2.me.addresses[":addressId"].$patch(
              { param: { addressId }, json: change },
              requestOptions(call),
            ),
          ),
        remove: (addressId: string, call?: CallOptions) =>
          success(
            v2.me.addresses[":addressId"].$delete({ param: { addressId } }, requestOptions(call)),
          ),
      },
      /** Where push notifications tell of orders, as long as the session lasts that registered them. */
      devices: {
        list: (call?: CallOptions) => success(v2.me.devices.$get({}, requestOptions(call))),
        /** On every start of an app and after every sign-in: the same token again changes nothing. */
        register: (device: NewDevice, call?: CallOptions) =>
          success(v2.me.devices.$post({ json: device }, requestOptions(call))),
        remove: (deviceId: string, call?: CallOptions) =>
          success(
            v2.me.devices[":deviceId"].$delete({ param: { deviceId } }, requestOptions(call)),
          ),
      },
      sessions: {
        list: (call?: CallOptions) => success(v2.me.sessions.$get({}, requestOptions(call))),
        end: (sessionId: string, call?: CallOptions) =>
          success(
            v2.me.sessions[":sessionId"].$delete({ param: { sessionId } }, requestOptions(call)),
          ),
      },
    },

    checkout: {
      /** Quotes the cart: the prices, the ways to ship, and what stands in the way. */
      validate: (contact: CheckoutContact, call?: CallOptions) =>
        success(v2.validatecheckout.$post({ json: contact }, requestOptions(call))),
      /**
       * Buys what was quoted. Answers the order, or `payment_pending` when the processor has not
       * spoken yet: then ask `get`. A repeat with the same key buys once.
       */
      complete: async (completion: Completion, call?: CallOptions) => {
        const completed = await success(
          v2.processorder.$post({ json: completion }, requestOptions(call)),
        );
        if ("order" in completed) orderTokens.set(completed.order.id, completed.order.token);
        return completed;
      },
      get: async (id: string, call?: CallOptions) => {
        const view = await success(
          v2.checkouts[":id"].$get({ param: { id } }, requestOptions(call)),
        );
        if (view.order) orderTokens.set(view.order.id, view.order.token);
        return view;
      },
      cancel: (id: string, call?: CallOptions) =>
        success(v2.checkouts[":id"].cancel.$post({ param: { id } }, requestOptions(call))),
    },

    orders: {
      /** The signed-in shopper's, newest first. */
      list: (query: OrderListQuery = {}, call?: CallOptions) =>
        success(v2.order.$get({ query }, requestOptions(call))),
      /** `at`, RFC 3339: the order as it was at that moment. */
      get: (orderId: string, call: CallOptions & { at?: string } = {}) => {
        const query = call.at === undefined ? {} : { at: call.at };
        return success(
          v2.order[":orderId"].$get({ param: { orderId }, query }, orderCall(orderId, call)),
        );
      },
      events: (orderId: string, call: CallOptions & { cursor?: string; limit?: number } = {}) => {
        const { cursor, limit } = call;
        const query = {
          ...(cursor === undefined ? {} : { cursor }),
          ...(limit === undefined ? {} : { limit: String(limit) }),
        };
        const param = { orderId };
        return success(
          v2.order[":orderId"].events.$get({ param, query }, orderCall(orderId, call)),
        );
      },
      cancel: (orderId: string, call: CallOptions & { reason?: string } = {}) => {
        const json = call.reason === undefined ? {} : { reason: call.reason };
        const param = { orderId };
        return success(
          v2.order[":orderId"].cancel.$post({ param, json }, orderCall(orderId, call)),
        );
      },
      requestReturn: (orderId: string, request: ReturnRequest, call?: CallOptions) => {
        const param = { orderId };
        return success(
          v2.order[":orderId"].returns.$post({ param, json: request }, orderCall(orderId, call)),
        );
      },
    },
  };
}

export type StorefrontClient = ReturnType<typeof createClient>;

function tokenStore(token: string | TokenStore | undefined): Required<TokenStore> {
  if (typeof token === "object") {
    return {
      get: () => token.get() || undefined,
      set: (next) => token.set(next),
      clear: () => (token.clear ? token.clear() : token.set("")),
    };
  }
  let current = token;
  return {
    get: () => current,
    set: (next) => {
      current = next;
    },
    clear: () => {
      current = undefined;
    },
  };
}

/** Adds to each request what every route may want, and remembers the cart that an answer names. */
function storefrontFetch({ staffKey }: ClientOptions, cart: TokenStore, session: Session) {
  return async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { headers, method } = request;
    const token = cart.get();
    if (token !== undefined && !headers.has("Cart-Token")) headers.set("Cart-Token", token);
    // A key that opens the shop goes nowhere but where it is asked for.
    if (staffKey !== undefined && new URL(request.url).pathname.startsWith("/ops/")) {
      headers.set("Authorization", `Bearer ${staffKey}`);
    }
    if (method !== "GET" && method !== "HEAD" && !headers.has("Idempotency-Key")) {
      headers.set("Idempotency-Key", crypto.randomUUID());
    }
    const response = await session.send(request);
    const answered = response.headers.get("Cart-Token");
    if (answered !== null) cart.set(answered);
    return response;
  };
}
